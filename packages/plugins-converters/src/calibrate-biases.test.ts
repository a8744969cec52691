import {
  parameterShapes,
  spikingLayers,
  weightedLayers,
  type Ann,
  type Layer,
} from '@privatesnn/core';
import type { SpikingEngine } from '@privatesnn/spiking';
import { classNames } from '@privatesnn/testkit';
import { expect, test } from 'vitest';

import { calibrateBiases } from './calibrate-biases.js';

const point = { kind: 'conv', kernel: 1, stride: 1, padding: 0, bias: true } as const;
const sizes = { inChannels: 2, outChannels: 2 };

/** A network with two linear layers; the first is taken by `takers` besides the add. */
function networkOf(takers: readonly Layer[]): Ann {
  const layers: Layer[] = [
    { ...point, ...sizes, name: 'stem' },
    { ...point, ...sizes, name: 'first', linear: true },
    { ...point, ...sizes, name: 'second', from: ['stem'], linear: true },
    ...takers,
    { kind: 'add', name: 'sum', from: ['first', 'second', ...takers.map(({ name }) => name!)] },
    { kind: 'flatten' },
    { kind: 'dense', name: 'output', inputs: 2, outputs: 2, bias: false },
  ];
  const architecture = { name: 'net', inputShape: [1, 1, 2] as const, classes: 2, layers };
  const parameters = weightedLayers(architecture).flatMap((layer) =>
    Object.entries(parameterShapes(layer)).map(([name, shape]) => {
      const size = shape.reduce((product, side) => product * side, 1);
      return [name, { shape, data: new Float32Array(size) }] as const;
    }),
  );
  return {
    ...{ type: 'ann', architecture, parameters: Object.fromEntries(parameters) },
    ...{ inputRange: [0, 1], classNames: classNames(2) },
  };
}

/** Neurons that are silent at first, and answer any other bias with half a spike a time-step. */
const engine = {
  async sweepLayers({ snn, atLayer }) {
    for (const { name } of spikingLayers(snn.architecture)) {
      let calls = 0;
      await atLayer(name, async () => new Float64Array(2).fill(calls++ === 0 ? 0 : 0.5));
    }
  },
} as Pick<SpikingEngine, 'sweepLayers'> as SpikingEngine;

/** The biases of linear layers that calibration has moved. */
async function moved(ann: Ann): Promise<string[]> {
  const layers = spikingLayers(ann.architecture).map(({ name }) => name);
  const { parameters } = await calibrateBiases({
    ...{ engine, ann, seed: 1, signal: new AbortController().signal, onProgress() {} },
    units: Object.fromEntries(layers.map((name) => [name, 1])),
    means: Object.fromEntries(layers.map((name) => [name, new Float64Array(2).fill(1)])),
    convert: ({ architecture, parameters }) => ({
      ...{ type: 'snn', architecture, parameters, timeSteps: 1, classNames: classNames(2) },
      thresholds: Object.fromEntries(layers.map((name) => [name, 1])),
      neuron: { kind: 'integrate-and-fire', leak: 1, reset: 'soft', firing: 'strict', initial: 0 },
      encoder: { kind: 'constant', range: [0, 1] },
      readout: { kind: 'sum', scale: 1 },
    }),
    images: {
      ...{ type: 'images', shape: [1, 1, 1, 2], pixels: new Float32Array(2), range: [0, 1] },
      ...{ labels: new Int32Array(1), classNames: classNames(2), origin: 'synthetic' },
    },
  });
  return ['first', 'second'].filter((name) =>
    parameters[`${name}.bias`]!.data.some((b) => b !== 0),
  );
}

test('of an add the bias of the first linear layer is corrected that no other takes', async () => {
  expect(await moved(networkOf([]))).toEqual(['first']);
  const taker: Layer = { ...point, ...sizes, name: 'taker', from: ['first'] };
  expect(await moved(networkOf([taker]))).toEqual(['second']);
});
