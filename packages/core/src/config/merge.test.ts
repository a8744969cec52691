import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';

import { mergeExperiments, mergeNodes } from './merge.js';
import { fromPlain, toPlain, type ConfigMap } from './node.js';

const place = { file: 'x' };
const node = fc
  .letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.integer(),
      fc.array(fc.integer(), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { noNullPrototype: true }),
    ),
  }))
  .value.map((value) => fromPlain(value, place));

test.prop([node])('merging with itself changes nothing', (a) => {
  expect(toPlain(mergeNodes(a, a))).toEqual(toPlain(a));
});

test.prop([node, node])('every value of the overlay is there afterwards', (base, overlay) => {
  expect(toPlain(mergeNodes(mergeNodes(base, overlay), overlay))).toEqual(
    toPlain(mergeNodes(base, overlay)),
  );
});

test('maps merge deeply and lists are replaced', () => {
  const base = fromPlain({ a: { x: 1, list: [1, 2] }, b: 1 }, place);
  const overlay = fromPlain({ a: { y: 2, list: [3] } }, place);
  expect(toPlain(mergeNodes(base, overlay))).toEqual({ a: { x: 1, y: 2, list: [3] }, b: 1 });
});

test.each([
  [
    'a part of the matrix is replaced as a whole',
    { zip: { b: [1] } },
    { zip: { b: [1] }, product: { x: [1] }, include: [{ a: 9 }] },
  ],
  [
    'one without a value is taken away',
    { zip: null },
    { product: { x: [1] }, include: [{ a: 9 }] },
  ],
  ['and so on', { zip: null, include: null, product: { y: [2] } }, { product: { y: [2] } }],
])('%s', (_, overlay, matrix) => {
  const base = { matrix: { zip: { a: [1, 2] }, product: { x: [1] }, include: [{ a: 9 }] } };
  expect(merged(base, { matrix: overlay })).toEqual({ matrix });
  expect(merged(base, { matrix: null })).toEqual({});
});

test('a stage can be taken away, and an option can be null', () => {
  const base = { goals: ['a'], stages: { a: { options: { x: 1, y: 2 } }, b: { use: 'b' } } };
  const overlay = { goals: null, stages: { a: { options: { x: null } }, b: null } };
  expect(merged(base, overlay)).toEqual({ stages: { a: { options: { x: null, y: 2 } } } });
});

test('what is not there cannot be taken away: the schema then tells of it', () => {
  expect(merged({ stages: {} }, { matrix: { zip: null } })).toEqual({
    stages: {},
    matrix: { zip: null },
  });
});

function merged(base: object, overlay: object): unknown {
  return toPlain(
    mergeExperiments(fromPlain(base, place) as ConfigMap, fromPlain(overlay, place) as ConfigMap),
  );
}
