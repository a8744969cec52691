import {
  outputChannels,
  parameterShapes,
  type Architecture,
  type Layer,
  type Snn,
} from '@privatesnn/core';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';

import { createEngine } from '../create-engine.js';
import { encode } from '../encoder.js';
import type { SpikingEngine } from '../engine.js';
import { createReferenceEngine } from '../reference/engine.js';
import { currents, operationsOf, pooled, type Signal } from '../reference/network.js';
import { compiledEngines } from './testing/compiled-engines.js';

// Other tests draw numbers whose sums are exact, so that whole networks agree spike by spike. Here weights and pixels
// have all 24 bits, and single layers on equal input agree up to rounding.

const reference = createReferenceEngine();

/** Relative error of one operation in 32-bit floats. */
const roundoff = 2 ** -24;

const channelCount = fc.oneof(
  fc.integer({ min: 1, max: 9 }),
  fc.constantFrom(31, 32, 33, 63, 64, 65, 97),
);
const layerCase = fc
  .record({
    height: fc.integer({ min: 1, max: 6 }),
    width: fc.integer({ min: 1, max: 6 }),
    inChannels: channelCount,
    outputs: channelCount,
    kernel: fc.integer({ min: 1, max: 3 }),
    stride: fc.integer({ min: 1, max: 2 }),
    padding: fc.integer({ min: 0, max: 1 }),
    pool: fc.constantFrom(1, 2, 3),
    bias: fc.boolean(),
    encoder: fc.constantFrom('poisson' as const, 'constant' as const, 'first-spike' as const),
    timeSteps: fc.integer({ min: 1, max: 9 }),
    strength: fc.constantFrom(0.1, 0.5, 1),
    seed: fc.nat(2 ** 32 - 1),
  })
  .filter(({ height, width, pool }) => Math.min(height, width) >= pool);
type LayerCase = typeof layerCase extends fc.Arbitrary<infer T> ? T : never;

/** Numbers of 24 bits in [-1, 1]. */
const numbers = (length: number, seed: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => Math.sin((i + 1) * (seed % 1009) + i * i));

/** A network whose first weighted layer is the one looked at, behind pooling where there is any. */
function networkOf(drawn: LayerCase, layers: readonly Layer[]): Snn {
  const { height, width, inChannels, pool, seed, encoder, timeSteps } = drawn;
  const pooling: Layer[] = pool > 1 ? [{ kind: 'average-pool', size: pool }] : [];
  const architecture: Architecture = {
    name: 'single',
    inputShape: [height, width, inChannels],
    classes: drawn.outputs,
    layers: [...pooling, ...layers],
  };
  const parameters: Record<string, { shape: number[]; data: Float32Array }> = {};
  for (const layer of layers) {
    if (layer.kind !== 'conv' && layer.kind !== 'dense') continue;
    const shape = parameterShapes(layer)[`${layer.name}.weight`]!;
    const size = shape.reduce((a, b) => a * b);
    parameters[`${layer.name}.weight`] = { shape, data: numbers(size, seed) };
    if (layer.bias) {
      const outputs = shape.at(-1)!;
      parameters[`${layer.name}.bias`] = { shape: [outputs], data: numbers(outputs, seed + 1) };
    }
  }
  return {
    type: 'snn',
    architecture,
    parameters,
    thresholds: {},
    // As good as no memory: the potential of a time-step is its current.
    neuron: {
      kind: 'integrate-and-fire',
      leak: 1e-30,
      reset: 'soft',
      firing: 'strict',
      initial: 0,
    },
    encoder: { kind: encoder, range: [-1, 1] },
    readout: { kind: 'sum', scale: 1 },
    timeSteps,
    classNames: Array.from({ length: drawn.outputs }, (_, i) => `class ${i}`),
  };
}

/** The first weighted layer's input current, and how far rounding may take an engine from it, by time-step. */
function currentOf(snn: Snn, pixels: Float32Array, seed: number): { sum: Signal; bound: Signal } {
  const { architecture, parameters, timeSteps } = snn;
  const input = encode(snn.encoder.kind, pixels, { seed, image: 0, timeSteps });
  const absolute = (x: Float32Array) => x.map(Math.abs);
  let signal: Signal = input;
  let magnitude: Signal = input.map(absolute);
  let window = 1;
  for (const operation of operationsOf(architecture, parameters)) {
    if (operation.kind === 'average-pool') {
      signal = pooled(operation, signal);
      magnitude = pooled(operation, magnitude);
      window = operation.pooling.area;
    }
    if (operation.kind !== 'weighted') continue;
    const { weight, bias, layer } = operation;
    const largest = { ...operation, weight: absolute(weight), bias: bias && absolute(bias) };
    // n·ε·Σ|w·x|, n the terms of a sum, each of which pooling makes many, and the few roundings around it.
    const terms = weight.length / outputChannels(layer);
    const bound = currents(largest, magnitude);
    return {
      sum: currents(operation, signal),
      bound: bound.map((x) => x.map((sum) => (terms * window + 4) * roundoff * sum)),
    };
  }
  throw new Error('No weighted layer.');
}

describe.each(compiledEngines)('$implementation engine', ({ implementation }) => {
  let engine: SpikingEngine | undefined;
  const get = async (): Promise<SpikingEngine> =>
    (engine ??= await createEngine({ implementation, threads: 1 }));
  afterAll(() => engine?.close());

  it('adds up a convolution within the rounding of its sums', async () => {
    await fc.assert(
      fc.asyncProperty(layerCase, fc.nat(), async (drawn, pick) => {
        const { inChannels, outputs: outChannels, kernel, stride, padding, bias, pool } = drawn;
        const [height, width] = [drawn.height, drawn.width].map((size) => Math.floor(size / pool));
        fc.pre(Math.min(height!, width!) + 2 * padding >= kernel);
        const conv = { kernel, stride, padding, inChannels, outChannels, bias };
        const size = (length: number) => Math.floor((length + 2 * padding - kernel) / stride) + 1;
        const inputs = size(height!) * size(width!) * outChannels;
        const snn = networkOf(drawn, [
          { kind: 'conv', name: 'conv', ...conv },
          { kind: 'flatten' },
          { kind: 'dense', name: 'output', inputs, outputs: outChannels, bias: false },
        ]);
        await expectCurrents(snn, drawn, pick);
      }),
      { numRuns: 60 },
    );
  });

  it('adds up a dense layer within the rounding of its sums', async () => {
    await fc.assert(
      fc.asyncProperty(layerCase, fc.nat(), async (drawn, pick) => {
        const { height, width, inChannels, pool, outputs, bias } = drawn;
        const inputs = Math.floor(height / pool) * Math.floor(width / pool) * inChannels;
        const snn = networkOf(drawn, [
          { kind: 'flatten' },
          { kind: 'dense', name: 'dense', inputs, outputs, bias },
          { kind: 'dense', name: 'output', inputs: outputs, outputs, bias: false },
        ]);
        await expectCurrents(snn, drawn, pick);
      }),
      { numRuns: 60 },
    );
  });

  it('sums up the last layer over time within the rounding of its sums', async () => {
    await fc.assert(
      fc.asyncProperty(layerCase, async (drawn) => {
        const { height, width, inChannels, pool, outputs, bias, timeSteps, seed } = drawn;
        const inputs = Math.floor(height / pool) * Math.floor(width / pool) * inChannels;
        const snn = networkOf(drawn, [
          { kind: 'flatten' },
          { kind: 'dense', name: 'output', inputs, outputs, bias },
        ]);
        const pixels = pixelsOf(drawn);
        const recordAt = Array.from({ length: timeSteps }, (_, t) => t + 1);
        const request = { snn, pixels, seed, recordAt };
        const expected = await reference.infer(request);
        const actual = await (await get()).infer(request);
        const { bound } = currentOf(snn, pixels, seed);
        for (let output = 0; output < outputs; output++) {
          let within = 0;
          for (let t = 0; t < timeSteps; t++) {
            within += bound[t]![output]!;
            const at = t * outputs + output;
            // The sum over time has a rounding a step, relative to all terms so far, in either engine.
            const tolerance = (2 + 2 * timeSteps) * within;
            expect(Math.abs(actual.potentials[at]! - expected.potentials[at]!)).toBeLessThanOrEqual(
              tolerance,
            );
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  /**
   * The first layer's spikes show its currents: at a threshold just below the picked neuron's, and at one just above,
   * all neurons fire whose current lies beyond by more than rounding, and no others.
   */
  async function expectCurrents(base: Snn, drawn: LayerCase, pick: number): Promise<void> {
    const pixels = pixelsOf(drawn);
    const [name] = Object.keys(base.parameters)[0]!.split('.') as [string];
    const { sum, bound } = currentOf(base, pixels, drawn.seed);
    const all = sum.flatMap((x) => [...x]);
    const bounds = bound.flatMap((x) => [...x]);
    const positive = all.flatMap((value, i) => (value > 4 * bounds[i]! ? [i] : []));
    fc.pre(positive.length > 0);
    const picked = positive[pick % positive.length]!;
    for (const sign of [-1, 1]) {
      const threshold = Math.fround(all[picked]! + 1.01 * sign * bounds[picked]!);
      const snn = { ...base, thresholds: { [name]: threshold } };
      const request = { snn, pixels, seed: drawn.seed, raster: [name] };
      const { raster } = await (await get()).infer(request);
      const wrong = all.findIndex(
        (value, i) =>
          Math.abs(value - threshold) > bounds[i]! &&
          raster[name]![i] !== (value > threshold ? 1 : 0),
      );
      if (wrong >= 0) {
        const off = `${all[wrong]} ± ${bounds[wrong]}`;
        throw new Error(`Neuron and step ${wrong}: current ${off}, threshold ${threshold}.`);
      }
    }
  }

  function pixelsOf({ height, width, inChannels, strength, seed }: LayerCase): Float32Array {
    return numbers(height * width * inChannels, seed + 2).map((x) => x * strength);
  }
});
