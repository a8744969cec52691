import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';

import type { UserError } from '../contracts/error.js';
import { fillLimits, interpolator } from './interpolate.js';
import { fromPlain, toPlain } from './node.js';

const fill = (value: unknown, axes: Record<string, unknown>) => {
  const errors: UserError[] = [];
  const node = fromPlain(value, { file: 'x' });
  return { value: toPlain(interpolator(errors)(node, axes)), errors };
};

test.prop([fc.jsonValue()])(
  'a string that is nothing but the axis takes its value and type',
  (value) => {
    expect(fill({ a: ['${x}'] }, { x: value }).value).toEqual({ a: [value] });
  },
);

test('inside a longer string the value is written out', () => {
  expect(fill('${network}.snn at T=${t}', { network: 'dc', t: 10 }).value).toBe('dc.snn at T=10');
});

test('a value is not looked through for axes again', () => {
  expect(fill('${a}', { a: '${b}', b: 1 }).value).toBe('${b}');
});

test('an unknown axis is an error with the nearest name', () => {
  const { errors } = fill('${netwrk}', { network: 'dc', method: 'DC' });
  expect(errors.map(({ code, hint }) => [code, hint])).toEqual([
    ['UNKNOWN_AXIS', 'Did you mean "network"?'],
  ]);
});

test('cells with the same values on the axes that a node names share the result', () => {
  const interpolate = interpolator([]);
  const node = fromPlain({ a: ['${x}'], b: 'T=${y}' }, { file: 'x' });
  const first = interpolate(node, { x: 1, y: 2, z: 3 });
  expect(interpolate(node, { x: 1, y: 2, z: 4 })).toBe(first);
  expect(toPlain(interpolate(node, { x: '1', y: 2, z: 3 }))).toEqual({ a: ['1'], b: 'T=2' });
  const plain = fromPlain({ a: 1 }, { file: 'x' });
  expect(interpolate(plain, { x: 1 })).toBe(plain);
});

test.each([
  ['long text', '${x}'.repeat(200), 'x'.repeat(100)],
  ['text that is long for all jobs', Array(20_000).fill('-${x}'), 'x'.repeat(9_000)],
  ['lists in lists', Array(2_000).fill('${x}'), Array(1_000).fill(1)],
])('%s is refused before it fills the memory', (_, value, x) => {
  expect(() => fill(value, { x })).toThrow(/more than \d+ (characters|values)/);
});

test('the limit counts all cells', () => {
  const interpolate = interpolator([]);
  const node = fromPlain(Array(1_000).fill('${x}'), { file: 'x' });
  let cells = 0;
  expect(() => {
    for (; cells <= fillLimits.values; cells++) interpolate(node, { x: cells });
  }).toThrow('for all jobs together');
  expect(cells).toBeGreaterThan(100);
  expect(cells).toBeLessThan(1_000);
});
