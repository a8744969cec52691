// Small spiking networks as .nir files with their loaders, and the membrane potentials that the reference engine gives,
// for verify.py:  npm run build && node packages/plugins-models/interop/reference.mjs FOLDER
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { parameterShapes, randomStream, spikingLayers, weightedLayers } from '@privatesnn/core';
import { createReferenceEngine } from '@privatesnn/spiking';

import { nirGraph } from '../dist/nir/graph.js';
import { nirBytes } from '../dist/nir/hdf5.js';
import { loaderText } from '../dist/nir/loader.js';
import { targets } from '../dist/nir/targets.js';

const folder = process.argv[2] ?? 'interop';
const steps = 60;
const images = 3;

/** Strides, pooling, biases and a flat part. */
const convolutional = [
  {
    kind: 'conv',
    name: 'c1',
    inChannels: 3,
    outChannels: 5,
    kernel: 3,
    stride: 1,
    padding: 1,
    bias: true,
  },
  { kind: 'average-pool', size: 2 },
  {
    kind: 'conv',
    name: 'c2',
    inChannels: 5,
    outChannels: 6,
    kernel: 3,
    stride: 2,
    padding: 1,
    bias: false,
  },
  { kind: 'flatten' },
  { kind: 'dense', name: 'd1', inputs: 24, outputs: 20, bias: true },
  { kind: 'dropout', rate: 0.2 },
  { kind: 'dense', name: 'd2', inputs: 20, outputs: 4, bias: true },
];
const dense = [
  { kind: 'flatten' },
  { kind: 'dense', name: 'd1', inputs: 144, outputs: 30, bias: false },
  { kind: 'dense', name: 'd2', inputs: 30, outputs: 4, bias: false },
];

/** Residual blocks: the identity, with a gain, and a shortcut with a stride and more channels. */
const conv = { kind: 'conv', kernel: 3, stride: 1, padding: 1, bias: true };
const residual = [
  { ...conv, name: 'stem', inChannels: 3, outChannels: 4 },
  { ...conv, name: 'a1', inChannels: 4, outChannels: 4 },
  { ...conv, name: 'a2', inChannels: 4, outChannels: 4, linear: true },
  { kind: 'add', name: 'a', from: ['a2', 'stem'] },
  {
    ...conv,
    name: 'b1',
    inChannels: 4,
    outChannels: 6,
    kernel: [3, 1],
    stride: 2,
    padding: [1, 1, 0, 0],
  },
  { ...conv, name: 'b2', inChannels: 6, outChannels: 6, linear: true },
  { kind: 'shortcut', name: 'way', from: ['a'], stride: 2, before: 1, after: 1 },
  { kind: 'add', name: 'b', from: ['b2', 'way'] },
  { kind: 'average-pool', size: [4, 3] },
  { kind: 'flatten' },
  { kind: 'dense', name: 'fc', inputs: 6, outputs: 4, bias: true },
];

const cases = [
  { name: 'soft reset', layers: convolutional, neuron: {} },
  { name: 'soft reset, dense', layers: dense, neuron: {} },
  { name: 'soft reset, from θ/2', layers: convolutional, neuron: { initial: 0.5 } },
  { name: 'soft reset, leak 0.9', layers: convolutional, neuron: { leak: 0.9 } },
  { name: 'soft reset, leak 0.9, from θ/2', layers: dense, neuron: { leak: 0.9, initial: 0.5 } },
  {
    name: 'residual, soft reset, from θ/2',
    layers: residual,
    neuron: { initial: 0.5 },
    gains: { a: [1, 0.7] },
  },
  { name: 'hard reset', layers: convolutional, neuron: { reset: 'hard' } },
  { name: 'hard reset, leak 0.9', layers: convolutional, neuron: { reset: 'hard', leak: 0.9 } },
];

const engine = createReferenceEngine();
const written = [];
for (const [index, { name, layers, neuron, gains = {} }] of cases.entries()) {
  const random = randomStream(index, 'interop');
  const numbers = (count, size) =>
    Float32Array.from({ length: count }, () => size * random.normal());
  const parameters = {};
  for (const layer of weightedLayers({ layers })) {
    for (const [key, shape] of Object.entries(parameterShapes(layer))) {
      const count = shape.reduce((a, b) => a * b, 1);
      const size = key.endsWith('.bias') ? 0.1 : 2 / Math.sqrt(count / shape.at(-1));
      parameters[key] = { shape, data: numbers(count, size) };
    }
  }
  const snn = {
    type: 'snn',
    architecture: { name, inputShape: [8, 6, 3], classes: 4, layers },
    parameters,
    thresholds: Object.fromEntries(
      spikingLayers({ layers }).map((layer) => [layer.name, 0.5 + random.uniform()]),
    ),
    gains,
    neuron: {
      kind: 'integrate-and-fire',
      leak: 1,
      reset: 'soft',
      firing: 'inclusive',
      initial: 0,
      ...neuron,
    },
    encoder: { kind: 'constant', range: [0, 1] },
    readout: { kind: 'sum', scale: 1 },
    timeSteps: steps,
    classNames: ['a', 'b', 'c', 'd'],
  };
  const pixels = Float32Array.from({ length: images * 144 }, () => random.uniform());
  const { potentials, activity } = await engine.infer({
    ...{ snn, pixels, seed: 1 },
    recordAt: Array.from({ length: steps }, (_, step) => step + 1),
  });
  for (const [target, { dt }] of Object.entries(targets)) {
    if (target === 'generic') continue;
    const at = join(folder, target, String(index));
    let refused = null;
    mkdirSync(at, { recursive: true });
    try {
      writeFileSync(join(at, 'model.nir'), await nirBytes(nirGraph(snn, target, dt)));
      writeFileSync(join(at, 'model_network.py'), await loaderText(snn, target, 'model.nir'));
    } catch (error) {
      if (error.code !== 'NIR_CANNOT_SAY') throw error;
      refused = error.message;
    }
    const reference = {
      name,
      refused,
      pixels: [...pixels],
      shape: [images, 8, 6, 3],
      potentials: [...potentials],
      steps,
    };
    writeFileSync(join(at, 'reference.json'), JSON.stringify(reference));
    written.push(at);
  }
  const spikes = activity.slice(1).map(({ spikes, neurons }) => spikes / neurons / images);
  console.log(`${name}: ${spikes.map((rate) => rate.toFixed(1)).join(', ')} spikes a neuron`);
}
console.log(`${written.length} networks in ${folder}.`);
