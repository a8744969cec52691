import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';

import { UserError } from '../contracts/error.js';
import { formatError } from './format-error.js';

const plain = { colour: false, columns: 80 };

test.prop([fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })])(
  'nothing in a user’s file or message acts on the terminal',
  (message, excerpt) => {
    const place = { file: '/x', line: 1, column: 1, excerpt: excerpt.replaceAll('\n', '') };
    const error = new UserError('data', 'X', message, { place, hint: message });
    expect(formatError(error, plain)).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f]/);
  },
);

test('a control character takes one column, so that the caret stays in place', () => {
  const place = { file: '/x.yaml', line: 1, column: 4, excerpt: '\u001b\0\u007fb', length: 1 };
  expect(formatError(new UserError('data', 'X', 'Bad.', { place }), plain).split('\n')).toEqual([
    'Error [X] Bad.',
    '  /x.yaml:1:4',
    '  1 | ␛␀␡b',
    '         ^',
  ]);
});

test('an error of five megabytes is cut in the middle, and says by how much', () => {
  const error = new UserError('data', 'X', `begin ${'x'.repeat(5_000_000)} end`, {
    hint: 'h'.repeat(1e6),
  });
  const shown = formatError(error, plain);
  expect(shown.length).toBeLessThan(10_000);
  expect(shown).toContain('begin');
  expect(shown).toContain('end');
  expect(shown).toMatch(/\d+ characters left out/);
});
