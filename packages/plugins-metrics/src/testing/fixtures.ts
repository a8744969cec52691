import type { Ann, Architecture, Images, Series, Snn } from '@privatesnn/core';
import type { Inference, InferenceRequest, SpikingEngine } from '@privatesnn/spiking';
import { testStream } from '@privatesnn/testkit';
import type { z } from 'zod';

/** Makes a stage from its definition, with the defaults of the options that are left out. */
export function stageOf<S extends z.ZodType, D, T>(
  definition: { options: S; create(dependencies: D, options: z.output<S>): T },
  dependencies: NoInfer<D>,
  options: z.input<S>,
): T {
  return definition.create(dependencies, definition.options.parse(options));
}

/** Input 1 × 1 × 3 → 2 hidden units → 3 classes, without biases. */
export const tinyArchitecture: Architecture = {
  name: 'tiny',
  inputShape: [1, 1, 3],
  classes: 3,
  layers: [
    { kind: 'flatten' },
    { kind: 'dense', name: 'hidden', inputs: 3, outputs: 3, bias: false },
    { kind: 'dense', name: 'out', inputs: 3, outputs: 3, bias: false },
  ],
};

const identity = Float32Array.from([1, 0, 0, 0, 1, 0, 0, 0, 1]);
const classNames = ['a', 'b', 'c'];

/** Gives each image the class of its brightest channel. */
export const tinyAnn: Ann = {
  type: 'ann',
  architecture: tinyArchitecture,
  parameters: {
    'hidden.weight': { shape: [3, 3], data: identity },
    'out.weight': { shape: [3, 3], data: identity },
  },
  inputRange: [0, 1],
  classNames,
};

/** The same network with spikes; a constant current, so that nothing is random. */
export const tinySnn: Snn = {
  type: 'snn',
  architecture: tinyArchitecture,
  parameters: tinyAnn.parameters,
  thresholds: { hidden: 1 },
  neuron: { kind: 'integrate-and-fire', leak: 1, reset: 'soft', firing: 'strict', initial: 0 },
  encoder: { kind: 'constant', range: [0, 1] },
  readout: { kind: 'mean', scale: 1 / 20 },
  timeSteps: 20,
  classNames,
};

/** Images of one pixel with three channels each. */
export function pixelImages(pixels: readonly (readonly number[])[], labels: number[]): Images {
  return {
    type: 'images',
    shape: [pixels.length, 1, 1, 3],
    pixels: Float32Array.from(pixels.flat()),
    range: [0, 1],
    labels: Int32Array.from(labels),
    classNames,
    origin: 'real',
  };
}

/** Random images of one shape, uniform in [0, 1]; labels go round the classes. */
export function randomImages(
  shape: readonly [number, number, number, number],
  name: string,
  names: readonly string[] = classNames,
): Images {
  const random = testStream(name);
  const size = shape.reduce((a, b) => a * b, 1);
  return {
    type: 'images',
    shape,
    pixels: Float32Array.from({ length: size }, () => random.uniform()),
    range: [0, 1],
    labels: Int32Array.from({ length: shape[0] }, (_, i) => i % names.length),
    classNames: names,
    origin: 'real',
  };
}

/** An engine that answers `infer` with the given function and can do nothing else. */
export function fakeEngine(infer: (request: InferenceRequest) => Inference): SpikingEngine {
  const unused = () => Promise.reject(new Error('not part of this test'));
  return {
    id: 'reference',
    threads: 1,
    infer: async (request) => infer(request),
    balanceThresholds: unused,
    sweepLayers: unused,
    gradients: unused,
    remark: () => undefined,
    close: async () => {},
  };
}

/** The values of a series' line by name. */
export function lineOf(series: Series, name: string): readonly (number | null)[] {
  const line = series.lines.find((candidate) => candidate.name === name);
  if (!line) throw new Error(`no line "${name}"`);
  return line.y;
}
