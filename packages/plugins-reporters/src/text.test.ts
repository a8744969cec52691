import fc from 'fast-check';
import { expect, test } from 'vitest';

import { displayWidth, longestWord, plain, wrap } from './text.js';

test('wide characters take two columns, combining marks none', () => {
  expect(displayWidth('DC + CET')).toBe(8);
  expect(displayWidth('e\u0301')).toBe(1);
  expect(displayWidth('網絡')).toBe(4);
});

test('plain text has no control characters', () => {
  expect(plain('a\u001b[31mb\nc')).toBe('a [31mb c');
});

test('wrapped lines fit and lose nothing but spaces', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme-ascii' }),
      fc.integer({ min: 2, max: 30 }),
      (text, width) => {
        const lines = wrap(text, width);
        for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(width);
        expect(lines.join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
      },
    ),
  );
});

test('the longest word is what wrapping cannot go below without cutting', () => {
  expect(longestWord('DC + CET + OD')).toBe(3);
  expect(wrap('Class leakage', 7)).toEqual(['Class', 'leakage']);
  expect(wrap('leakage', 4)).toEqual(['leak', 'age']);
  expect(wrap('ResNet-20', 8)).toEqual(['ResNet-', '20']);
  expect(wrap('a-bc-defgh', 5)).toEqual(['a-bc-', 'defgh']);
});
