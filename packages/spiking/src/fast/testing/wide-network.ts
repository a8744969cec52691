import { spikingLayers, type IntegrateAndFire, type Layer, type Snn } from '@privatesnn/core';
import { classNames, testStream } from '@privatesnn/testkit';

import type { InferenceRequest } from '../../engine.js';
import { exactParameters } from './exact-parameters.js';

/**
 * A residual network: channels of several blocks, averages, and all pixels as one. Weights are multiples
 * of 1/64, so that all sums are exact.
 */
export function wideNetwork(timeSteps: number, neuron: IntegrateAndFire): Snn {
  const window = { kernel: 3, stride: 1, padding: 1, bias: true } as const;
  const layers: Layer[] = [
    { kind: 'conv', name: 'stem', inChannels: 2, outChannels: 70, ...window },
    { kind: 'average-pool', name: 'mean', size: 2 },
    { kind: 'conv', name: 'a', inChannels: 70, outChannels: 40, ...window },
    { kind: 'conv', name: 'b', inChannels: 40, outChannels: 70, ...window, linear: true },
    { kind: 'add', name: 'sum', from: ['mean', 'b'] },
    { kind: 'flatten' },
    { kind: 'dense', name: 'hidden', inputs: 4 * 70, outputs: 33, bias: false },
    { kind: 'dense', name: 'output', inputs: 33, outputs: 2, bias: false },
  ];
  const architecture = { name: 'wide', inputShape: [4, 4, 2] as const, classes: 2, layers };
  const parameters = exactParameters(architecture);
  return {
    ...{ type: 'snn', architecture, parameters, timeSteps, classNames: classNames(2) },
    ...{ neuron, encoder: { kind: 'poisson', range: [-1, 1] } },
    thresholds: { stem: 0.125, a: 0.5, sum: 0.5, hidden: 0.25 },
    gains: { sum: [0.5, 1] },
    readout: { kind: 'sum', scale: 1 },
  };
}

const random = testStream('pixels');
/** Three images for {@link wideNetwork}. */
export const wideImages = Float32Array.from({ length: 3 * 32 }, () => random.uniform() * 2 - 1);

/** Those images through a network of that size, with the spikes of all layers. */
export function wideRequest(snn: Snn, precision: 'float' | 'integer'): InferenceRequest {
  const raster = spikingLayers(snn.architecture).map(({ name }) => name);
  return { snn, pixels: wideImages, seed: 5, raster, precision };
}
