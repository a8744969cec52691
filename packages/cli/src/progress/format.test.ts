import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';

import { bar, byteSize, cut, duration, remaining } from './format.js';

test.each([
  [0.004, '0.0 s'],
  [0.314, '0.3 s'],
  [1.25, '1.3 s'],
  [12.4, '12 s'],
  [9.96, '10 s'],
  [59.7, '1 min 00 s'],
  [185, '3 min 05 s'],
  [7800, '2 h 10 min'],
])('%d seconds are %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

test.each([
  [812, '812 B'],
  [1400, '1.4 kB'],
  [2_500_000, '2.5 MB'],
])('%d bytes are %s', (bytes, text) => {
  expect(byteSize(bytes)).toBe(text);
});

test.prop([fc.double({ min: -1, max: 2, noNaN: true }), fc.integer({ min: 0, max: 40 })])(
  'a bar is as wide as asked',
  (share, width) => {
    expect(bar(share, width)).toHaveLength(width);
  },
);

test.prop([fc.string(), fc.integer({ min: 1, max: 40 })])('a cut text fits', (text, width) => {
  expect(cut(text, width).length).toBeLessThanOrEqual(width);
  if (text.length <= width) expect(cut(text, width)).toBe(text);
});

test('half of the work leaves as much time as it took', () => {
  expect(remaining(10, 5, 10)).toBe(10);
  expect(remaining(10, 0, 10)).toBeUndefined();
});
