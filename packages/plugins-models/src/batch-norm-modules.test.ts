import { expect, it } from 'vitest';

import { batchNormModules } from './batch-norm-modules.js';

/** A file with weights of the given output channels, and normalisations of so many channels. */
function find(weights: Record<string, number>, norms: Record<string, number>) {
  const file = {
    file: 'net.safetensors',
    shapes: new Map<string, number[]>([
      ...Object.entries(weights).map(
        ([name, n]) => [`${name}.weight`, [n, 2]] as [string, number[]],
      ),
      ...Object.entries(norms).flatMap(([name, n]) =>
        ['running_mean', 'running_var'].map(
          (vector) => [`${name}.${vector}`, [n]] as [string, number[]],
        ),
      ),
    ]),
  };
  const names = Object.keys(weights).map((name) => `${name}.weight`);
  return Object.fromEntries(batchNormModules(file, names));
}

it.each([
  ['features.3', 'features.4'],
  ['0', '1'],
  ['conv1', 'bn1'],
  ['conv2_1', 'bn2_1'],
  ['block1.conv', 'block1.bn'],
  ['conv1', 'norm1'],
  ['fc', 'batch_norm'],
  ['conv1', 'conv1_bn'],
  ['stem', 'bn_stem'],
])('after %s comes %s', (weight, norm) => {
  expect(find({ [weight]: 4 }, { [norm]: 4 })).toEqual({ [`${weight}.weight`]: norm });
});

it('takes a name that two layers could mean for the one whose channels fit', () => {
  const names = { conv1: 4, conv2: 8, fc1: 16, fc2: 3 };
  expect(find(names, { bn1: 4, bn2: 8 })).toEqual({ 'conv1.weight': 'bn1', 'conv2.weight': 'bn2' });
  expect(find(names, { bn1: 16 })).toEqual({ 'fc1.weight': 'bn1' });
});

it.each<[string, Record<string, number>, Record<string, number>]>([
  ['two layers fit', { conv1: 4, fc1: 4 }, { bn1: 4 }],
  ['two normalisations fit', { conv1: 4 }, { bn1: 4, conv1_bn: 4 }],
  ['the channels differ', { conv1: 4 }, { bn1: 5 }],
  ['a ReLU lies between', { 'features.0': 4 }, { 'features.2': 4 }],
  ['the name says nothing', { conv1: 4 }, { a: 4 }],
])('refuses a normalisation where %s', (_, weights, norms) => {
  expect(() => find(weights, norms)).toThrow(
    expect.objectContaining({ code: 'BATCH_NORM_UNUSED' }),
  );
});
