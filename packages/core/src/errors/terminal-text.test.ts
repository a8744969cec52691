import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';

import { terminalJson, terminalText, visible, visibleLine } from './terminal-text.js';

const any = fc.string({
  unit: fc.oneof(
    fc.integer({ min: 0, max: 0x2ff }).map((code) => String.fromCharCode(code)),
    fc.constantFrom('\u001b[2J', '\u001b]0;x\u0007', '\u009b31m', '\u202e', '\u2066', '\ufeff'),
    fc.string({ unit: 'binary', maxLength: 2 }),
  ),
});
const obeyed = /[^\P{Cc}\n]|\p{Bidi_Control}/u;

test.prop([any])('nothing that a terminal obeys is left', (text) => {
  expect(visible(text)).not.toMatch(obeyed);
  expect(terminalText(text, false)).not.toMatch(obeyed);
  expect(visibleLine(text)).not.toContain('\n');
  expect(terminalJson([text])).not.toMatch(obeyed);
  expect(JSON.parse(terminalJson([text]))).toEqual([text]);
});

test.prop([fc.string()])('what is visible stays as it is', (text) => {
  expect(visible(text)).toBe(text);
});

test('colours are kept where a terminal has them, and no other code', () => {
  const text = '\u001b[31mred\u001b[39m \u001b[2Jgone \u001b[8mhidden \u001b[31;5mx';
  expect(terminalText(text, true)).toBe('\u001b[31mred\u001b[39m ␛[2Jgone ␛[8mhidden ␛[31;5mx');
  expect(terminalText(text, false)).toBe('␛[31mred␛[39m ␛[2Jgone ␛[8mhidden ␛[31;5mx');
});
