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
  ['a: { constructor: { prototype: 1 } }', ['YAML_KEY', 'YAML_KEY']],
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
  expect(codesOf('a: &a\n  b: *a')).toEqual(['YAML_SYNTAX']);
  expect(codesOf('a: &a 1\nb: &a [*a]')).toEqual(['YAML_SYNTAX']);
});

test('an alias stands for the last anchor of its name before it, and shares its node', () => {
  const root = parseYaml('a: &x [&y 1]\nb: &y 2\nc: *x\nd: *y\ne: &x 3\nf: *x', 'x.yaml');
  expect(toPlain(root)).toEqual({ a: [1], b: 2, c: [1], d: 2, e: 3, f: 3 });
  expect(nodeAt(root, ['c'])).toBe(nodeAt(root, ['a']));
});

test('a key may stand once in a map, however it is written', () => {
  expect(codesOf('1: a\n"1": b')).toEqual(['YAML_SYNTAX']);
  expect(codesOf('{a: 1, b: {a: 1}}')).toEqual([]);
});

const many = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => line(index)).join('');

// Each of these took from ten seconds to hours, or all memory, where time grows with the square of their number.
test.each([
  ['keys', many(8_000, (i) => `k${i}: 1\n`), []],
  ['aliases', `a: &a 1\nb:\n${many(10_000, () => '- *a\n')}`, []],
  ['anchors', `b:\n${many(8_000, (i) => `- &a${i} 1\n`)}`, []],
  ['blank lines', `a: 1\n${'\n'.repeat(100_000)}`, []],
  ['comments', `${'#\n'.repeat(50_000)}a: 1`, []],
  ['errors', `a: [${','.repeat(80_000)}]`, ['YAML_SYNTAX']],
  ['closing brackets', '}'.repeat(990_000), ['YAML_SYNTAX']],
  ['wrong escapes', `a: "${'\\q'.repeat(80_000)}"`, ['YAML_SYNTAX']],
  ['unknown tags', `a:\n${'- !x 1\n'.repeat(20_000)}`, ['YAML_SYNTAX']],
  ['documents', '--- 1\n'.repeat(150_000), ['YAML_SYNTAX']],
  ['directives', `${'%FOO bar\n'.repeat(20_000)}---\na: 1\n`, ['YAML_SYNTAX']],
  ['open lists', '['.repeat(400_000), ['YAML_TOO_LARGE']],
  ['nested block lists', `${'- '.repeat(5_000)}1`, ['YAML_TOO_LARGE']],
  ['nested keys', '? '.repeat(5_000), ['YAML_TOO_LARGE']],
  ['nested maps', many(1_000, (i) => `${' '.repeat(i)}a:\n`), ['YAML_TOO_LARGE']],
  ['items', `a: [${'1,'.repeat(490_000)}]`, ['YAML_TOO_LARGE']],
  ['values', `a: [${'1,'.repeat(120_000)}]`, ['YAML_TOO_LARGE']],
  [
    'values by aliases',
    `a: &a [${'1,'.repeat(1_000)}]\nb: [${'*a ,'.repeat(100)}]`,
    ['YAML_TOO_LARGE'],
  ],
  ['long text', `a: "${'\\x41'.repeat(200_000)}"`, []],
  ['wrong keys', many(10_000, (i) => `? [${i}]\n: 1\n`), Array<string>(100).fill('YAML_KEY')],
])('however many %s', (_, text, codes) => {
  expect(codesOf(text)).toEqual(codes);
});

test('a limit names the place where it is passed', () => {
  const text = `a: 1\nb: ${'['.repeat(80)}`;
  expect(() => parseYaml(text, 'x.yaml')).toThrow(
    expect.objectContaining({ place: expect.objectContaining({ line: 2, column: 64 }) }),
  );
});

test('very deep nesting is refused', () => {
  expect(codesOf(`${'['.repeat(100)}${']'.repeat(100)}`)).toEqual(['YAML_TOO_LARGE']);
  expect(codesOf('['.repeat(50_000))).not.toEqual([]);
});

test('a huge file is refused before it is parsed', () => {
  expect(codesOf(`a: ${'x'.repeat(2_000_000)}`)).toEqual(['FILE_TOO_LARGE']);
});
