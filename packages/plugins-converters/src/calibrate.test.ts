import {
  parameterShapes,
  spikingLayers,
  weightedLayers,
  type Ann,
  type Images,
  type Layer,
  type Snn,
} from '@privatesnn/core';
import type { SpikingEngine } from '@privatesnn/spiking';
import { classNames } from '@privatesnn/testkit';
import { expect, test } from 'vitest';

import { calibrate, type Correction } from './calibrate.js';
import { BiasCorrection } from './calibrate-biases.js';
import { PotentialCorrection } from './calibrate-potentials.js';

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

const convert = ({ architecture, parameters }: Ann): Snn => ({
  ...{ type: 'snn', architecture, parameters, timeSteps: 4, classNames: classNames(2) },
  thresholds: Object.fromEntries(spikingLayers(architecture).map(({ name }) => [name, 1])),
  neuron: { kind: 'integrate-and-fire', leak: 1, reset: 'soft', firing: 'strict', initial: 0.25 },
  encoder: { kind: 'constant', range: [0, 1] },
  readout: { kind: 'sum', scale: 1 },
});

/** Calibrates to a mean activation of 1, where a rate of 1 stands for 2. */
async function corrected(ann: Ann, correction: Correction): Promise<void> {
  const layers = spikingLayers(ann.architecture).map(({ name }) => name);
  const calibration = {
    ...{
      engine,
      snn: convert(ann),
      seed: 1,
      signal: new AbortController().signal,
      onProgress() {},
    },
    units: Object.fromEntries(layers.map((name) => [name, 2])),
    means: Object.fromEntries(layers.map((name) => [name, new Float64Array(2).fill(1)])),
    images: <Images>{
      ...{ type: 'images', shape: [1, 1, 1, 2], pixels: new Float32Array(2), range: [0, 1] },
      ...{ labels: new Int32Array(1), classNames: classNames(2), origin: 'synthetic' },
    },
  };
  await calibrate(calibration, [correction]);
}

/** The biases of linear layers that calibration has moved. */
async function moved(ann: Ann): Promise<string[]> {
  const biases = new BiasCorrection(ann, convert);
  await corrected(ann, biases);
  const { parameters } = biases.ann;
  return ['first', 'second'].filter((name) =>
    parameters[`${name}.bias`]!.data.some((b) => b !== 0),
  );
}

test('of an add the bias of the first linear layer is corrected that no other takes', async () => {
  expect(await moved(networkOf([]))).toEqual(['first']);
  const taker: Layer = { ...point, ...sizes, name: 'taker', from: ['first'] };
  expect(await moved(networkOf([taker]))).toEqual(['second']);
});

test('initial potentials are moved by the spikes that are missing within T time-steps, of every layer', async () => {
  const ann = networkOf([]);
  const potentials = new PotentialCorrection(convert(ann), { stem: 2, sum: 2 });
  await corrected(ann, potentials);
  // Half a spike a time-step, for T = 4, in the place of none.
  expect(potentials.initialPotentials).toEqual({ stem: [2.25, 2.25], sum: [2.25, 2.25] });
});
