import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';

import {
  spikingLayers,
  weightedLayers,
  type Ann,
  type Layer,
  type StageContext,
} from '@privatesnn/core';
import {
  annLogits,
  createTensorRuntime,
  tidyValues,
  visitActivations,
  type TensorRuntime,
} from '@privatesnn/runtime-tfjs';
import { quantised } from '@privatesnn/spiking';
import {
  expectSameAfterInterruption,
  fakeContext,
  runStageContract,
  waveAnn,
  waveImages,
  waves,
} from '@privatesnn/testkit';

import { batchGradients, batchLoss, teacherOf, type Trained } from './loss.js';
import { qcfs } from './qcfs.js';

let runtime: TensorRuntime;
beforeAll(async () => {
  runtime = await createTensorRuntime({ prefer: 'embedded' });
});

const images = waveImages(40);
const quick = { timeSteps: 3, epochs: 2, batchSize: 8, learningRate: 2e-3, thresholdRate: 2e-2 };

function run(options: object = {}, context: StageContext = fakeContext(), ann: Ann = waveAnn) {
  const stage = qcfs.create({ runtime }, qcfs.options.parse({ ...quick, ...options }));
  return stage.run(context, { ann, images });
}

/** A residual block before the pooling: a linear convolution, added to what goes past it. */
const residualAnn: Ann = {
  ...waveAnn,
  architecture: {
    ...waveAnn.architecture,
    layers: waveAnn.architecture.layers.flatMap((layer): Layer[] =>
      layer.kind === 'conv'
        ? [
            layer,
            { ...layer, name: 'inner', inChannels: 4, linear: true },
            { kind: 'add', name: 'sum', from: ['inner', 'conv1'] },
          ]
        : [layer],
    ),
  },
  parameters: {
    ...waveAnn.parameters,
    'inner.weight': { shape: [3, 3, 4, 4], data: waves(144, 0.3) },
  },
};

/** What the ReLUs of each layer give for the images, held out or not. */
async function activationsOf(ann: Ann): Promise<number[][]> {
  const found: Record<string, number[]> = {};
  const pass = { batchSize: 40, signal: new AbortController().signal, onProgress() {} };
  await visitActivations(runtime, ann, images, pass, (layer, values) => {
    found[layer] = [...values];
  });
  return spikingLayers(ann.architecture).map(({ name }) => found[name]!);
}

function trainedOf(
  { architecture, parameters }: Ann,
  threshold: number,
  others: Readonly<Record<string, number>> = {},
): Trained {
  return {
    weights: Object.fromEntries(
      Object.entries(parameters).map(([name, { data }]) => [name, data.slice()]),
    ),
    logThresholds: Object.fromEntries(
      spikingLayers(architecture).map(({ name }) => [
        name,
        Float32Array.of(Math.log(others[name] ?? threshold)),
      ]),
    ),
  };
}

runStageContract(qcfs, {
  dependencies: async () => ({ runtime: await createTensorRuntime({ prefer: 'embedded' }) }),
  inputs: { ann: waveAnn, images },
  options: quick,
});

describe('the loss of qcfs', () => {
  const pixels = images.pixels.subarray(0, 5 * 16) as Float32Array;

  it('is that of logits and activations, each relative to the teacher', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.double({ min: 0.2, max: 2, noNaN: true }),
        fc.constantFrom(0, 0.5, 2),
        (timeSteps, threshold, activationWeight) => {
          const found = tidyValues(runtime.tf, () => {
            const teacher = teacherOf(runtime.tf, waveAnn);
            const trained = trainedOf(waveAnn, threshold);
            return batchLoss(runtime.tf, teacher, trained, pixels, { timeSteps, activationWeight });
          });
          const round = (x: number) =>
            Math.fround(quantised(x, threshold, { timeSteps, initial: 0.5 }));
          const [student, teacher] = [naive(pixels, round), naive(pixels, (x) => Math.max(0, x))];
          const error = (layer: 'conv1' | 'fc1' | 'fc2') => {
            const distance = (a: number[], b: number[]) =>
              a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0);
            return (
              distance(student[layer], teacher[layer]) /
              distance(
                teacher[layer],
                teacher[layer].map(() => 0),
              )
            );
          };
          const expected = error('fc2') + (activationWeight / 2) * (error('conv1') + error('fc1'));
          found.logits.forEach((z, i) => expect(z).toBeCloseTo(student.fc2[i]!, 3));
          expect(found.loss).toBeCloseTo(expected, 3);
        },
      ),
      { numRuns: 20 },
    );
  });

  // Phases at which no activation lies so near to a kink that a difference would step over it.
  it.each([
    [waveAnn, 4],
    [residualAnn, 0.5],
  ])('has gradients along which it falls', (ann, phase) => {
    // At many time-steps the loss is smooth but for its kinks, so that differences are true to it.
    const options = { timeSteps: 2 ** 20, activationWeight: 1 };
    runtime.tf.tidy(() => {
      const teacher = teacherOf(runtime.tf, ann);
      // So low that some activations of each layer are cut off.
      const trained = trainedOf(ann, 0.1, { fc1: 0.02 });
      // Away from the teacher, so that no gradient is 0.
      for (const values of Object.values(trained.weights)) {
        waves(values.length, 0.1, phase).forEach((wave, i) => (values[i]! += wave));
      }
      const { gradients } = batchGradients(runtime.tf, teacher, trained, pixels, options);
      const loss = () => batchLoss(runtime.tf, teacher, trained, pixels, options).loss;
      for (const group of ['weights', 'logThresholds'] as const) {
        for (const [name, gradient] of Object.entries(gradients[group])) {
          const values = trained[group][name]!;
          const original = values.slice();
          const norm = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0));
          expect(norm).toBeGreaterThan(0);
          const at = (step: number) => {
            values.set(original.map((value, i) => value + (step * gradient[i]!) / norm));
            return loss();
          };
          const slope = (at(1e-3) - at(-1e-3)) / 2e-3;
          values.set(original);
          expect(slope / norm).toBeGreaterThan(0.99);
          expect(slope / norm).toBeLessThan(1.01);
        }
      }
    });
  });
});

describe('qcfs', () => {
  it.each([waveAnn, residualAnn])('comes closer to its teacher', async (ann) => {
    const context = fakeContext();
    const { metrics, history } = await run({ epochs: 12 }, context, ann);
    const { lossBefore, lossAfter, samples, heldOut } = metrics.values;
    expect(lossAfter!).toBeLessThan(0.9 * lossBefore!);
    expect([samples, heldOut]).toEqual([36, 4]);
    const loss = history.lines[0]!.y as number[];
    expect(loss.at(-1)!).toBeLessThan(loss[0]!);
    expect(history.lines[1]!.y.at(-1)).toBe(lossAfter);
  });

  it('gives a network of the same layers, all its ReLUs clipped, and leaves the teacher alone', async () => {
    const before = structuredClone(residualAnn);
    const { ann } = await run({}, fakeContext(), residualAnn);
    expect(residualAnn).toEqual(before);
    const layers = spikingLayers(ann.architecture);
    expect(layers.map(({ name }) => name)).toEqual(['conv1', 'sum', 'fc1']);
    layers.forEach(({ maximum }) => expect(maximum).toBeGreaterThan(0));
    const unclipped = ann.architecture.layers.map((layer) => {
      if (!('maximum' in layer)) return layer;
      const { maximum: _, ...rest } = layer;
      return rest;
    });
    expect(unclipped).toEqual(residualAnn.architecture.layers);
    for (const { name } of weightedLayers(ann.architecture)) {
      const weight = ann.parameters[`${name}.weight`]!;
      expect(weight.shape).toEqual(residualAnn.parameters[`${name}.weight`]!.shape);
      expect(weight.data).not.toEqual(residualAnn.parameters[`${name}.weight`]!.data);
    }
  });

  it('starts at the teacher: with many time-steps and hardly a rate, nothing changes', async () => {
    const rates = { learningRate: 1e-12, thresholdRate: 1e-12 };
    const { ann, metrics } = await run({ ...rates, timeSteps: 4096 });
    expect(metrics.values['lossBefore']!).toBeLessThan(1e-3);
    expect(metrics.values['agreementBefore']).toBe(1);
    const [found, expected] = [
      await annLogits(runtime, ann, images),
      await annLogits(runtime, waveAnn, images),
    ];
    found.forEach((z, i) => expect(z).toBeCloseTo(expected[i]!, 2));
  });

  it('starts from α times the thresholds of least error', async () => {
    const clips = async (scale: number) => {
      const { ann } = await run({ learningRate: 1e-12, thresholdRate: 1e-12, scale });
      return spikingLayers(ann.architecture).map(({ maximum }) => maximum!);
    };
    const [once, twice] = [await clips(1), await clips(2)];
    const activations = await activationsOf(waveAnn);
    once.forEach((clip, layer) => {
      expect(twice[layer]).toBeCloseTo(2 * clip, 5);
      // No other threshold that is tried rounds with less error.
      const error = (threshold: number) =>
        activations[layer]!.reduce(
          (sum, a) => sum + (quantised(a, threshold, { timeSteps: 3, initial: 0.5 }) - a) ** 2,
          0,
        );
      for (const factor of [0.6, 0.8, 1.2, 1.5]) {
        expect(error(clip)).toBeLessThan(error(factor * clip) * 1.01);
      }
    });
  });

  it('forgets what batch normalisation knew of the weights before', async () => {
    const statistics = { conv1: { mean: new Float32Array(4), variance: new Float32Array(4) } };
    const { ann } = await run({}, fakeContext(), { ...waveAnn, statistics });
    expect(ann).not.toHaveProperty('statistics');
  });

  it('gives the same network after an interruption as without', () =>
    expectSameAfterInterruption((context) => run({ epochs: 3 }, context)));

  it('warns of a network that ends below its start, and refuses one that diverges', async () => {
    const context = fakeContext();
    const options = { timeSteps: 16, learningRate: 0.3, heldOut: 0.5 };
    const { metrics } = await run(options, context);
    const { agreementBefore: before, agreementAfter: after } = metrics.values;
    expect(after!).toBeLessThan(before!);
    expect(context.warnings.join()).toMatch(
      /Training ended below its start: .* agreement .* 20 images, fell .* Lower learningRate \(it is 0.3\)/,
    );
    await expect(run({ thresholdRate: 1e4 })).rejects.toMatchObject({ code: 'LOSS_NOT_FINITE' });
  });

  it('refuses a single image, silent layers, and other non-linearities than ReLUs', async () => {
    const stage = qcfs.create({ runtime }, qcfs.options.parse(quick));
    await expect(
      stage.run(fakeContext(), { ann: waveAnn, images: waveImages(1) }),
    ).rejects.toMatchObject({ code: 'TOO_FEW_IMAGES' });
    const weight = waveAnn.parameters['conv1.weight']!;
    const parameters = {
      ...waveAnn.parameters,
      'conv1.weight': { ...weight, data: weight.data.map(() => 0) },
    };
    await expect(run({}, fakeContext(), { ...waveAnn, parameters })).rejects.toMatchObject({
      code: 'SILENT_LAYER',
    });
  });

  it('leaves no tensor behind', async () => {
    const before = runtime.tf.memory().numTensors;
    await run();
    expect(runtime.tf.memory().numTensors).toBe(before);
  });
});

/** {@link waveAnn} with a non-linearity, by loops, over images of 4 × 4 pixels: what each layer that sums gives. */
function naive(pixels: Float32Array, activation: (x: number) => number) {
  const weights = (layer: string) => waveAnn.parameters[`${layer}.weight`]!.data;
  const dense = (input: number[], layer: string, outputs: number) =>
    Array.from({ length: outputs }, (_, o) =>
      input.reduce((sum, v, i) => sum + v * weights(layer)[i * outputs + o]!, 0),
    );
  const result = { conv1: [] as number[], fc1: [] as number[], fc2: [] as number[] };
  for (let image = 0; image < pixels.length / 16; image++) {
    const conv1 = Array.from({ length: 64 }, (_, n) => {
      const [y, x, filter] = [n >> 4, (n >> 2) & 3, n & 3];
      let sum = 0;
      for (let i = 0; i < 9; i++) {
        const [row, column] = [y + Math.floor(i / 3) - 1, x + (i % 3) - 1];
        if (row < 0 || row > 3 || column < 0 || column > 3) continue;
        sum += pixels[16 * image + 4 * row + column]! * weights('conv1')[4 * i + filter]!;
      }
      return activation(sum);
    });
    const pooled = Array.from({ length: 16 }, (_, n) => {
      const corner = 16 * 2 * (n >> 3) + 4 * 2 * ((n >> 2) & 1) + (n & 3);
      return [0, 4, 16, 20].reduce((sum, by) => sum + conv1[corner + by]!, 0) / 4;
    });
    const fc1 = dense(pooled, 'fc1', 8).map(activation);
    result.conv1.push(...conv1);
    result.fc1.push(...fc1);
    result.fc2.push(...dense(fc1, 'fc2', 3));
  }
  return result;
}
