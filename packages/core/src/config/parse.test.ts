import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { stringify } from 'yaml';

import { UserError } from '../contracts/error.js';
import { errorsOf } from '../errors/error-list.js';
import { nodeAt, toPlain } from './node.js';
import { parseYaml } from './parse.js';

function codesOf(text: string): string[] {
  try {
    parseYaml(text, 'x.yaml');
    return [];
  } catch (error) {
    return errorsOf(error).map(({ code }) => code);
  }
}

test.prop([
  fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.jsonValue(), { noNullPrototype: true }),
])('plain data comes back from YAML as it was', (value) => {
  fc.pre(!/"(?:__proto__|constructor|prototype)":/.test(JSON.stringify(value)));
  expect(toPlain(parseYaml(stringify(value), 'x.yaml'))).toEqual(value);
});

test.prop([fc.string({ unit: 'binary' })])(
  'any text is read or gives errors for users, nothing else',
  (text) => {
    try {
      parseYaml(text, 'x.yaml');
    } catch (error) {
      expect(error).toBeInstanceOf(UserError);
    }
  },
);

test('every value knows its place', () => {
  const root = parseYaml('a:\n  b: [1, two]\n', 'x.yaml');
  expect(nodeAt(root, ['a', 'b', 1])?.place).toEqual({
    file: 'x.yaml',
    line: 2,
    column: 10,
    excerpt: '  b: [1, two]',
    length: 3,
  });
});

test.each([
  ['a: [1', ['YAML_SYNTAX']],
  ['a:\n\tb: 1', ['YAML_SYNTAX']],
  ['a: 1\na: 2', ['YAML_SYNTAX']],
  ['a: *missing', ['YAML_SYNTAX']],
  ['a: !!js/function "x"', ['YAML_SYNTAX']],
  ['__proto__: { polluted: true }', ['YAML_KEY']],
  ['a: { constructor: { prototype: 1 } }', ['YAML_KEY']],
  ['? [1, 2]\n: 3', ['YAML_KEY']],
  ['a: 1\n---\nb: 2', ['YAML_SYNTAX']],
])('%j is refused', (text, codes) => {
  expect(codesOf(text)).toEqual(codes);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});

test('aliases that multiply are refused', () => {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let i = 1; i < 9; i++) {
    lines.push(
      `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(', ')}]`,
    );
  }
  expect(codesOf(lines.join('\n'))).toEqual(['YAML_TOO_LARGE']);
});

test('an alias within its own anchor is refused', () => {
  expect(codesOf('a: &a\n  b: *a')).toHaveLength(1);
});

test('very deep nesting is refused', () => {
  expect(codesOf(`${'['.repeat(100)}${']'.repeat(100)}`)).toEqual(['YAML_TOO_LARGE']);
  expect(codesOf('['.repeat(50_000))).not.toEqual([]);
});

test('a huge file is refused before it is parsed', () => {
  expect(codesOf(`a: ${'x'.repeat(2_000_000)}`)).toEqual(['FILE_TOO_LARGE']);
});
