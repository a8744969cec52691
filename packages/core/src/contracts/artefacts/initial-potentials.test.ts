import { expect, it } from 'vitest';

import { snnSchema } from './snn.js';

const window = { kind: 'conv', kernel: 1, stride: 1, padding: 0, bias: false };
const layers = [
  { ...window, name: 'a', inChannels: 1, outChannels: 2 },
  { ...window, name: 'b', inChannels: 2, outChannels: 3, linear: true },
  { ...window, name: 'c', from: ['a'], inChannels: 2, outChannels: 3, linear: true },
  { kind: 'add', name: 'sum', from: ['b', 'c'] },
  { kind: 'flatten' },
  { kind: 'dense', name: 'output', inputs: 12, outputs: 2, bias: false },
];
const parameter = (...shape: number[]) => ({
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b)),
});
const snn = {
  type: 'snn',
  architecture: { name: 'net', inputShape: [2, 2, 1], classes: 2, layers },
  parameters: {
    'a.weight': parameter(1, 1, 1, 2),
    'b.weight': parameter(1, 1, 2, 3),
    'c.weight': parameter(1, 1, 2, 3),
    'output.weight': parameter(12, 2),
  },
  thresholds: { a: 1, sum: 1 },
  neuron: { kind: 'integrate-and-fire', leak: 1, reset: 'soft', firing: 'strict', initial: 0.5 },
  encoder: { kind: 'constant', range: [0, 1] },
  readout: { kind: 'sum', scale: 1 },
  timeSteps: 4,
  classNames: ['x', 'y'],
};
const adaptive = {
  ...{ kind: 'adaptive', rest: 1, growth: 0.1, thresholdDecay: 0.5, refractoryDecay: 0.5 },
  ...{ currentDecay: 0.5, membraneDecay: 0.5 },
};

it('a number for each channel of any of the spiking layers is an initial potential', () => {
  for (const initialPotentials of [{}, { a: [-3, 7.5] }, { a: [0, 0.5], sum: [1, 2, 3] }]) {
    expect(snnSchema.parse({ ...snn, initialPotentials })).toMatchObject({ initialPotentials });
  }
});

it.each<[string, object, string]>([
  ['a layer without neurons', { initialPotentials: { b: [0, 0, 0] } }, 'expected a, sum'],
  ['the read-out', { initialPotentials: { output: [0, 0] } }, 'no spiking layer of this name'],
  [
    'too few',
    { initialPotentials: { sum: [0] } },
    'Expected 3, one for each of its channels, received 1',
  ],
  ['no number', { initialPotentials: { a: [0, NaN] } }, 'NaN'],
  [
    'adaptive neurons',
    { neuron: adaptive, initialPotentials: { a: [0, 0] } },
    'Adaptive neurons have none',
  ],
])('refuses those of %s', (_, changed, message) => {
  const { error } = snnSchema.safeParse({ ...snn, ...changed });
  expect(error!.issues).toHaveLength(1);
  expect(error!.issues[0]!.path[0]).toBe('initialPotentials');
  expect(error!.issues[0]!.message).toContain(message);
});

it('does not look for the channels of layers that do not fit one another', () => {
  const bad = layers.map((layer) => (layer.name === 'c' ? { ...layer, inChannels: 5 } : layer));
  const { error } = snnSchema.safeParse({
    ...snn,
    architecture: { ...snn.architecture, layers: bad },
    initialPotentials: { a: [0, 0] },
  });
  expect(error!.issues.map(({ path }) => path)).toEqual([['architecture', 'layers']]);
});
