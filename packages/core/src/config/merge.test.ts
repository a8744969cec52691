import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';

import { mergeNodes } from './merge.js';
import { fromPlain, toPlain } from './node.js';

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
