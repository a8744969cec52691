import { spikingLayers, weightedLayers, type Ann, type Images, type Layer } from '@privatesnn/core';
import {
  createTensorRuntime,
  visitActivations,
  type TensorRuntime,
} from '@privatesnn/runtime-tfjs';
import { createReferenceEngine } from '@privatesnn/spiking';
import { testStream, waveAnn, waveImages, waves } from '@privatesnn/testkit';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';

import { calibrateWeights } from './calibrate-weights.js';
import { leastErrorOptions } from './least-error-options.js';
import { networkOf } from './least-error-network.js';
import { waveAnnWithBiases } from './testing/variants.js';

const engine = createReferenceEngine();
const signal = new AbortController().signal;
const waveInput = waveImages(24);
const pass = { batchSize: 100, signal, onProgress() {} };

let tensors: TensorRuntime;
beforeAll(async () => {
  tensors = await createTensorRuntime({ prefer: 'embedded' });
});

interface Case {
  readonly ann: Ann;
  readonly images?: Images;
  readonly units: Readonly<Record<string, number>>;
  readonly timeSteps: number;
  readonly steps?: number;
  readonly rate?: number;
  readonly spikes?: 'binary' | 'signed';
}

function calibrated({ images = waveInput, steps = 20, rate = 0.02, spikes, ...given }: Case) {
  const options = leastErrorOptions.parse(spikes ? { spikes } : {});
  return calibrateWeights({
    ...{ engine, tensors, images, steps, rate, seed: 0, signal, batchSize: 7 },
    ...{ ann: given.ann, units: given.units, random: testStream('weights'), onProgress() {} },
    convert: (from) => networkOf(from, given.units, given.timeSteps, options),
  });
}

/** {@link waveAnnWithBiases} with a residual block: a linear convolution, added to what goes past it. */
const residual: Ann = {
  ...waveAnnWithBiases,
  architecture: {
    ...waveAnnWithBiases.architecture,
    layers: waveAnnWithBiases.architecture.layers.flatMap((layer): Layer[] =>
      layer.kind === 'conv'
        ? [
            layer,
            { ...layer, name: 'inner', inChannels: 4, linear: true, bias: false },
            { kind: 'add', name: 'sum', from: ['inner', 'conv1'] },
          ]
        : [layer],
    ),
  },
  parameters: {
    ...waveAnnWithBiases.parameters,
    'inner.weight': { shape: [3, 3, 4, 4], data: waves(144, 0.3) },
  },
};

/** A threshold for each layer from 0.3 to 2. */
const runs = fc.constantFrom(waveAnn, waveAnnWithBiases, residual).chain((ann) =>
  fc.record({
    ann: fc.constant(ann),
    units: fc.record(
      Object.fromEntries(
        spikingLayers(ann.architecture).map(({ name }) => [
          name,
          fc.double({ min: 0.3, max: 2, noNaN: true }),
        ]),
      ),
    ),
    timeSteps: fc.integer({ min: 2, max: 6 }),
    spikes: fc.constantFrom('binary' as const, 'signed' as const),
    // The larger, the more layers are better off as they were.
    rate: fc.constantFrom(0.01, 0.3),
  }),
);

/** Σ (θ·rate − a)² / Σ a² of each layer, by the spikes of a whole inference. */
async function errorsOf(from: Ann, { ann, units, timeSteps, spikes }: Case): Promise<number[]> {
  const snn = networkOf(from, units, timeSteps, leastErrorOptions.parse(spikes ? { spikes } : {}));
  const layers = spikingLayers(ann.architecture).map(({ name }) => name);
  const pixels = waveInput.pixels as Float32Array;
  const { raster } = await engine.infer({ snn, pixels, seed: 0, raster: layers });
  const activations: Record<string, Float32Array> = {};
  await visitActivations(tensors, ann, waveInput, pass, (layer, values) => {
    activations[layer] = values.slice();
  });
  return layers.map((layer) => {
    const wanted = activations[layer]!;
    const size = wanted.length / waveInput.shape[0];
    const sums = new Float64Array(wanted.length);
    const signed = new Int8Array(raster[layer]!.buffer, raster[layer]!.byteOffset);
    raster[layer]!.forEach((_, at) => {
      sums[Math.floor(at / (size * timeSteps)) * size + (at % size)]! += signed[at]!;
    });
    const unit = units[layer]! / timeSteps;
    const distance = wanted.reduce((sum, a, i) => sum + (unit * sums[i]! - a) ** 2, 0);
    return distance / wanted.reduce((sum, a) => sum + a * a, 0);
  });
}

it('leaves no layer further from its activations than its own weights do, by the spikes of the network', async () => {
  let closer = 0;
  await fc.assert(
    fc.asyncProperty(runs, async (run) => {
      const { ann, errors } = await calibrated(run);
      const found = await errorsOf(ann, run);
      errors.forEach(({ before, after }, at) => {
        expect(after).toBeLessThanOrEqual(before);
        expect(after).toBeCloseTo(found[at]!, 4);
        closer += after < before ? 1 : 0;
      });
      // What comes first depends on nothing that is calibrated.
      expect(errors[0]!.before).toBeCloseTo((await errorsOf(run.ann, run))[0]!, 4);
    }),
    { numRuns: 15 },
  );
  expect(closer).toBeGreaterThan(10);
});

it('fits the linear layers before an add, and leaves what has no neurons behind it', async () => {
  const units = { conv1: 0.8, sum: 1, fc1: 1.2 };
  const { ann } = await calibrated({ ann: residual, units, timeSteps: 3 });
  const moved = weightedLayers(residual.architecture)
    .map(({ name }) => name)
    .filter((name) => ann.parameters[`${name}.weight`] !== residual.parameters[`${name}.weight`]);
  expect(moved).toContain('inner');
  expect(moved).not.toContain('fc2');
});

it('leaves weights alone that give the activations to the last bit', async () => {
  const ann: Ann = {
    ...{ type: 'ann', inputRange: [0, 1], classNames: ['a', 'b'] },
    architecture: {
      ...{ name: 'exact', inputShape: [1, 1, 2], classes: 2 },
      layers: [
        {
          kind: 'conv',
          name: 'same',
          inChannels: 2,
          outChannels: 2,
          kernel: 1,
          stride: 1,
          padding: 0,
          bias: true,
        },
        { kind: 'flatten' },
        { kind: 'dense', name: 'output', inputs: 2, outputs: 2, bias: false },
      ],
    },
    parameters: {
      'same.weight': { shape: [1, 1, 2, 2], data: Float32Array.of(1, 0, 0, 1) },
      'same.bias': { shape: [2], data: new Float32Array(2) },
      'output.weight': { shape: [2, 2], data: Float32Array.of(1, 0, 0, 1) },
    },
  };
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 2, maxLength: 12 }),
      async (levels) => {
        const count = Math.floor(levels.length / 2);
        const images: Images = {
          ...{ type: 'images', shape: [count, 1, 1, 2], range: [0, 1], classNames: ['a', 'b'] },
          pixels: Float32Array.from(levels.slice(0, 2 * count), (level) => level / 4),
          ...{ labels: new Int32Array(count), origin: 'synthetic' },
        };
        const found = await calibrated({ ann, images, units: { same: 1 }, timeSteps: 4 });
        expect(found.ann).toBe(ann);
        expect(found.errors).toEqual([{ layer: 'same', before: 0, after: 0 }]);
      },
    ),
    { numRuns: 20 },
  );
});
