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
const range = (length: number) => Array.from({ length }, (_, i) => i);
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

test.prop([
  fc.array(fc.record({ a: fc.nat(2), b: fc.nat(2), z: fc.nat(2) }, { requiredKeys: [] }), {
    maxLength: 6,
  }),
])('exclude agrees with comparing each cell with each pattern', (exclude) => {
  const zip = { z: [0, 1, 1, 2], y: [0, 1, 2, 3] };
  const product = { a: [0, 1, 1], b: [0, [1], 2] };
  const all = zip.z.flatMap((z, row) =>
    product.a.flatMap((a) => product.b.map((b) => ({ z, y: zip.y[row], a, b }))),
  );
  const expected = all.filter(
    (cell) =>
      !exclude.some((pattern) =>
        Object.entries(pattern).every(([axis, value]) => cell[axis as 'a'] === value),
      ),
  );
  const errors: UserError[] = [];
  const cells = matrixCells(fromPlain({ zip, product, exclude }, { file: 'x' }), 'n', errors);
  expect(cells.map(({ axes }) => axes)).toEqual(expected);
});

test('ten thousand cells and as many patterns take as many look-ups, not their product', () => {
  const list = Array.from({ length: 100 }, (_, i) => i);
  const exclude = list.flatMap((a) => list.map((b) => ({ a, b })));
  exclude.pop();
  const { cells } = cellsOf({ product: { a: list, b: list }, exclude });
  expect(cells.map(({ axes }) => axes)).toEqual([{ a: 99, b: 99 }]);
});

test('sweep repeats every cell, those of include too', () => {
  const { cells } = cellsOf({ zip: { a: [1, 2] }, include: [{ a: 7 }], sweep: { seed: [3, 4] } });
  expect(cells.map(({ name }) => name)).toEqual(['1, 3', '1, 4', '2, 3', '2, 4', '7, 3', '7, 4']);
  expect(cellsOf({ sweep: { seed: [3, 4] } }).cells.map(({ axes }) => axes)).toEqual([
    { seed: 3 },
    { seed: 4 },
  ]);
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
  [{ include: Array(10_001).fill({ a: 1 }) }, 'TOO_MANY_JOBS'],
  [{ product: { a: Array(9_999).fill(0) }, include: [{ a: 1 }, { a: 2 }] }, 'TOO_MANY_JOBS'],
  [{ product: { a: [1, 2] }, sweep: { b: Array(5_001).fill(0) } }, 'TOO_MANY_JOBS'],
  [
    Object.fromEntries([['product', Object.fromEntries(range(60).map((i) => [`a${i}`, [1, 2]]))]]),
    'TOO_MANY_JOBS',
  ],
  [{ product: { a: range(5_000), b: [range(300)] } }, 'TOO_MANY_VALUES'],
  [{ product: { a: [1], b: [range(3_000)] } }, 'LONG_TEXT'],
  [{ product: { a: [1] }, sweep: { a: [2] } }, 'DUPLICATE_AXIS'],
])('%j: %s', (matrix, code) => {
  expect(cellsOf(matrix).codes).toContain(code);
});
