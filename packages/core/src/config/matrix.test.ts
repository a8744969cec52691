import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';

import type { UserError } from '../contracts/error.js';
import { matrixCells } from './matrix.js';
import { fromPlain } from './node.js';

const cellsOf = (matrix: unknown) => {
  const errors: UserError[] = [];
  const cells = matrixCells(fromPlain(matrix, { file: 'x' }), 'name', errors);
  return { cells, codes: errors.map(({ code }) => code) };
};
const list = fc.uniqueArray(fc.integer(), { minLength: 1, maxLength: 4 });

test.prop([list, list, fc.integer({ min: 1, max: 4 })])(
  'zip rows times product combinations',
  (a, b, rows) => {
    const zip = { m: Array.from({ length: rows }, (_, i) => `m${i}`), n: Array(rows).fill(0) };
    const { cells, codes } = cellsOf({ zip, product: { a, b } });
    expect(codes).toEqual([]);
    expect(cells.length).toBe(rows * a.length * b.length);
    expect(new Set(cells.map(({ name }) => name)).size).toBe(cells.length);
  },
);

test.prop([list, list, fc.nat()])('exclude removes the cells that match', (a, b, at) => {
  fc.pre(a.length > 1);
  const value = a[at % a.length];
  const { cells } = cellsOf({ product: { a, b }, exclude: [{ a: value }] });
  expect(cells.length).toBe((a.length - 1) * b.length);
  expect(cells.every(({ axes }) => axes['a'] !== value)).toBe(true);
});

test('without a matrix there is one job with the name of the experiment', () => {
  expect(matrixCells(undefined, 'name', [])).toEqual([{ name: 'name', axes: {} }]);
});

test('include adds cells, and alone it is the matrix', () => {
  expect(cellsOf({ include: [{ a: 1 }, { a: 2 }] }).cells.map(({ axes }) => axes)).toEqual([
    { a: 1 },
    { a: 2 },
  ]);
  expect(
    cellsOf({ product: { a: [1] }, include: [{ a: 7 }] }).cells.map(({ name }) => name),
  ).toEqual(['1', '7']);
});

test('a template names the jobs', () => {
  const { cells } = cellsOf({ name: 'T=${t}', product: { t: [10, 20] } });
  expect(cells.map(({ name }) => name)).toEqual(['T=10', 'T=20']);
});

test.each([
  [{ zip: { a: [1, 2], b: [1] } }, 'ZIP_LENGTHS'],
  [{ zip: { a: [1] }, product: { a: [2] } }, 'DUPLICATE_AXIS'],
  [{ product: { a: [1] }, exclude: [{ a: 1 }] }, 'NO_JOBS'],
  [{ product: { a: [1] }, exclude: [{ b: 1 }] }, 'UNKNOWN_KEY'],
  [{ product: { a: [1], b: [1] }, include: [{ a: 2 }] }, 'INCOMPLETE_CELL'],
  [{ name: 'x', product: { a: [1, 2] } }, 'DUPLICATE_JOB'],
  [{ name: '${c}', product: { a: [1] } }, 'UNKNOWN_AXIS'],
  [{ product: { a: Array(200).fill(0), b: Array(200).fill(0) } }, 'TOO_MANY_JOBS'],
])('%j: %s', (matrix, code) => {
  expect(cellsOf(matrix).codes).toContain(code);
});
