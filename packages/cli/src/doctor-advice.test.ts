import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';

import type { Ann, Images, Plugin, Scalars, Snn } from '@privatesnn/core';
import converters from '@privatesnn/plugins-converters';
import metrics from '@privatesnn/plugins-metrics';
import type { TensorRuntime } from '@privatesnn/runtime-tfjs';
import { fakeContext, testStream } from '@privatesnn/testkit';

// As the command loads them.
const { annLogits, createTensorRuntime } = await import('@privatesnn/runtime-tfjs');
const { countMatches, createReferenceEngine, predictedClasses } =
  await import('@privatesnn/spiking');

/** Follows the advice of `conversion-doctor` with the converters themselves. */

let tensors: TensorRuntime;
beforeAll(async () => {
  tensors = await createTensorRuntime({ prefer: 'embedded' });
});
const engine = createReferenceEngine();

const context = (seed: number) => fakeContext({ seed });

async function run<T>(plugin: Plugin, id: string, options: object, inputs: object, seed = 0) {
  const stage = plugin.stages!.find((candidate) => candidate.id === id)!;
  const services = { engine, tensors, runtime: tensors };
  const instance = stage.create(services, stage.options.parse(options));
  return (await instance.run(context(seed), inputs as never)) as T;
}

/** A network of two convolutions and two dense layers with random weights, and random images. */
function randomCase(seed: number, count: number): { ann: Ann; images: Images } {
  const random = testStream('advice', seed);
  const weights = (shape: readonly number[], gain: number) => {
    const size = shape.reduce((a, b) => a * b, 1);
    const spread = gain / Math.sqrt(size / shape.at(-1)!);
    return { shape, data: Float32Array.from({ length: size }, () => spread * random.normal()) };
  };
  const classNames = ['a', 'b', 'c', 'd'];
  const ann: Ann = {
    type: 'ann',
    architecture: {
      name: 'random',
      inputShape: [4, 4, 1],
      classes: 4,
      layers: [
        {
          kind: 'conv',
          name: 'conv1',
          inChannels: 1,
          outChannels: 4,
          kernel: 3,
          stride: 1,
          padding: 1,
          bias: false,
        },
        { kind: 'average-pool', size: 2 },
        { kind: 'flatten' },
        { kind: 'dense', name: 'fc1', inputs: 16, outputs: 12, bias: false },
        { kind: 'dense', name: 'fc2', inputs: 12, outputs: 12, bias: false },
        { kind: 'dense', name: 'fc3', inputs: 12, outputs: 4, bias: false },
      ],
    },
    parameters: {
      'conv1.weight': weights([3, 3, 1, 4], 1.5),
      'fc1.weight': weights([16, 12], 1.5),
      'fc2.weight': weights([12, 12], 1.5),
      'fc3.weight': weights([12, 4], 1.5),
    },
    inputRange: [-1, 1],
    classNames,
  };
  const images: Images = {
    type: 'images',
    shape: [count, 4, 4, 1],
    pixels: Float32Array.from({ length: count * 16 }, () => 2 * random.uniform() - 1),
    range: [-1, 1],
    labels: Int32Array.from({ length: count }, (_, i) => i % 4),
    classNames,
    origin: 'synthetic',
  };
  return { ann, images };
}

/** Part of the images that both put in the same class. */
async function agreement(snn: Snn, ann: Ann, images: Images): Promise<number> {
  const { potentials } = await engine.infer({
    snn,
    pixels: images.pixels as Float32Array,
    seed: 7,
  });
  const logits = await annLogits(tensors, ann, images);
  return (
    countMatches(predictedClasses(potentials, 4), predictedClasses(logits, 4)) / images.shape[0]
  );
}

/** Labels are the ANN's classes, so that it is never wrong. */
async function labelled(ann: Ann, images: Images): Promise<Images> {
  return { ...images, labels: predictedClasses(await annLogits(tensors, ann, images), 4) };
}

type Values = Scalars['values'];

/** The options with the advice followed; undefined where nothing is advised. */
function followed(
  id: string,
  options: Record<string, unknown>,
  advice: Values,
): object | undefined {
  const { suggestedThresholdFactor: factor, suggestedPercentile: percentile } = advice;
  const timeSteps = advice['suggestedTimeSteps']!;
  const option = id === 'threshold-balancing' ? 'scale' : 'threshold';
  const changed = {
    ...options,
    timeSteps,
    ...(factor === null ? {} : { [option]: (options[option] as number) * factor! }),
    ...(percentile === null ? {} : { statistic: 'percentile', percentile }),
  };
  return JSON.stringify(changed) === JSON.stringify(options) ? undefined : changed;
}

const timeSteps = fc.constantFrom(1, 2, 3, 5, 8, 20);
const scale = fc.constantFrom(0.05, 0.3, 0.7, 1, 3, 10);
const conversions = fc.oneof(
  fc
    .record({ timeSteps, scale, scaleApplied: fc.constantFrom('while-balancing', 'afterwards') })
    .map((options) => ({ id: 'threshold-balancing', options })),
  fc
    .record({ timeSteps, percentile: fc.constantFrom(50, 99.9, 100) })
    .map((options) => ({ id: 'weight-normalisation', options })),
  fc
    .record({ timeSteps, threshold: fc.constantFrom(0.02, 0.05, 0.3, 1) })
    .map((options) => ({ id: 'adaptive-spiking', options })),
);

describe('whoever follows the advice', () => {
  test('loses no agreement with the ANN on the calibration images', async () => {
    let advised = 0;
    await fc.assert(
      fc.asyncProperty(conversions, fc.nat(1000), async ({ id, options }, seed) => {
        const { ann, images: drawn } = randomCase(seed, 24);
        const images = await labelled(ann, drawn);
        const convert = (changed: object) =>
          run<{ snn: Snn }>(converters, id, { encoder: 'constant', ...changed }, { ann, images });
        // A silent layer has no threshold, which is an error of the converter.
        const converted = await convert(options).catch(() => undefined);
        if (!converted) return;
        const doctor = await run<{ metrics: Scalars }>(
          metrics,
          'conversion-doctor',
          'scaleApplied' in options ? { scaleApplied: options.scaleApplied } : {},
          { network: converted.snn, ann, images },
        );
        const changed = followed(id, options, doctor.metrics.values);
        if (!changed) return;
        advised++;
        const other = await convert(changed);
        expect(await agreement(other.snn, ann, images)).toBeGreaterThanOrEqual(
          await agreement(converted.snn, ann, images),
        );
      }),
      { numRuns: 12 },
    );
    expect(advised).toBeGreaterThan(0);
  });
});
