import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';

import type { UserError } from '../contracts/error.js';
import { interpolate } from './interpolate.js';
import { fromPlain, toPlain } from './node.js';

const fill = (value: unknown, axes: Record<string, unknown>) => {
  const errors: UserError[] = [];
  return { value: toPlain(interpolate(fromPlain(value, { file: 'x' }), axes, errors)), errors };
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
