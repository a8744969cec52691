import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';

import { editDistance, nearest, nearestFileName, suggestion } from './suggest.js';

test.prop([fc.string(), fc.string()])(
  'edit distance is symmetric and bounded by the lengths',
  (a, b) => {
    expect(editDistance(a, a)).toBe(0);
    expect(editDistance(a, b)).toBe(editDistance(b, a));
    expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
  },
);

test.each([
  ['kitten', 'sitting', 3],
  ['fake-trainr', 'fake-trainer', 1],
  ['tset', 'test', 1],
  ['', 'abc', 3],
  ['ANN', 'ann', 0],
])('from %s to %s it is %i steps', (a, b, steps) => {
  expect(editDistance(a, b)).toBe(steps);
});

test('nothing near gives the list of what there is', () => {
  expect(nearest('zebra', ['mnist', 'cifar10'])).toBeUndefined();
  expect(suggestion('zebra', ['mnist', 'cifar10'], 'stages')).toBe('Known stages: mnist, cifar10.');
  expect(suggestion('zebra', [], 'stages')).toBe('There are no stages.');
});

test.each([
  ['frst.yaml', ['empty.yaml', 'first.yaml'], 'first.yaml'],
  ['frst.yaml', ['empty.yaml'], undefined],
  ['m.safetensor', ['m.json', 'm.safetensors', 'n.safetensor'], 'm.safetensors'],
  ['first.yml', ['first.yaml', 'first.md'], 'first.yaml'],
  ['a.yaml', ['b.yaml'], undefined],
  ['mnst', ['cifar', 'mnist'], 'mnist'],
  ['.x', [], undefined],
])('among file names, %s of %j means %s', (name, candidates, meant) => {
  expect(nearestFileName(name, candidates)).toBe(meant);
});
