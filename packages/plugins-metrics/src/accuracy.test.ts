import { createTensorRuntime } from '@privatesnn/runtime-tfjs';
import { createReferenceEngine } from '@privatesnn/spiking';
import { fakeContext } from '@privatesnn/testkit';
import { beforeAll, expect, test } from 'vitest';

import {
  fakeEngine,
  lineOf,
  pixelImages,
  randomImages,
  stageOf,
  tinyAnn,
  tinySnn,
} from './testing/fixtures.js';
import { accuracy } from './accuracy.js';

let runtime: Awaited<ReturnType<typeof createTensorRuntime>>;
beforeAll(async () => {
  runtime = await createTensorRuntime({ prefer: 'embedded' });
});
const engine = createReferenceEngine();

const images = pixelImages(
  [
    [0.9, 0.1, 0.2],
    [0.2, 0.7, 0.1],
    [0.1, 0.2, 0.8],
    [0.6, 0.3, 0.1],
  ],
  [0, 1, 2, 1],
);

test('an ANN by hand: three of four', async () => {
  const { metrics, curve, activity } = await stageOf(accuracy, { runtime, engine }, {}).run(
    fakeContext(),
    { network: tinyAnn, images, ann: undefined },
  );
  expect(metrics.values).toEqual({
    accuracy: 0.75,
    wilsonLow: expect.closeTo(0.3006, 4),
    wilsonHigh: expect.closeTo(0.9544, 4),
    images: 4,
    ties: 0,
  });
  expect(curve.x).toEqual([]);
  expect(activity.x).toEqual([]);
});

test('a spiking network by hand: accuracy, activity and comparison with the ANN', async () => {
  const context = fakeContext();
  const { metrics, curve, activity } = await stageOf(
    accuracy,
    { runtime, engine },
    { recordAt: [1], batch: 3 },
  ).run(context, { network: tinySnn, images, ann: tinyAnn });
  // No current exceeds θ = 1 in one step, so all potentials are 0, which is right for no class.
  expect(curve.x).toEqual([1, 20]);
  expect(lineOf(curve, 'accuracy')).toEqual([0, 0.75]);
  expect(context.warnings).toEqual([]);
  // Image 1: floor(20 · 0.9) = 18 spikes at most, one less where the sum meets θ exactly; so on for all.
  const sum = [...(images.pixels as Float32Array)].reduce((a, b) => a + b, 0);
  const spikes = metrics.values['spikesPerImage']! * 4;
  expect(spikes).toBeGreaterThan(20 * sum - 12);
  expect(spikes).toBeLessThanOrEqual(20 * sum + 1e-3);
  expect(metrics.values).toMatchObject({
    accuracy: 0.75,
    annAccuracy: 0.75,
    accuracyLoss: 0,
    agreement: 1,
    images: 4,
    timeSteps: 20,
    spikesPerNeuron: spikes / 12,
  });
  expect(activity.x).toEqual(['input', 'hidden']);
  expect(lineOf(activity, 'spikes per neuron')[1]).toBeCloseTo(spikes / 12, 10);
  expect(lineOf(activity, 'spikes per neuron and time-step')[1]).toBeCloseTo(spikes / 240, 10);
});

test('the curve of a delayed read-out has the time-steps that are read', async () => {
  const network = { ...tinySnn, readout: { ...tinySnn.readout, after: 11 } };
  const inputs = { network, images, ann: tinyAnn };
  const stage = (options: object) => stageOf(accuracy, { runtime, engine }, options);
  const { curve } = await stage({}).run(fakeContext(), inputs);
  expect(curve.x).toEqual([12, 14, 16, 18, 20]);
  await expect(stage({ recordAt: [11, 15] }).run(fakeContext(), inputs)).rejects.toMatchObject({
    code: 'RECORD_AT',
    message: expect.stringContaining('time-step 11') as string,
  });
  await expect(stage({ timeSteps: 11 }).run(fakeContext(), inputs)).rejects.toMatchObject({
    code: 'ENGINE_READ_AFTER',
  });
});

test('images that no spike answers count as wrong, and their number is told', async () => {
  const context = fakeContext();
  const { metrics } = await stageOf(accuracy, { runtime, engine }, { timeSteps: 1 }).run(context, {
    network: tinySnn,
    images,
    ann: tinyAnn,
  });
  expect(metrics.values).toMatchObject({ accuracy: 0, ties: 4, agreement: 0, accuracyLoss: 0.75 });
  expect(context.warnings).toEqual([
    expect.stringContaining('For 4 of 4 images the network gives'),
  ]);
});

test('the engine sees each image once, under its own number, and the batch size changes nothing', async () => {
  const seen: number[][] = [];
  const spy = fakeEngine(({ pixels, firstImage, recordAt, timeSteps, seed }) => {
    const count = pixels.length / 3;
    seen.push([firstImage!, count, timeSteps!, seed]);
    return {
      potentials: Float32Array.from({ length: count * recordAt!.length * 3 }, (_, i) => i % 3),
      activity: [
        { layer: 'input', neurons: 3, spikes: count },
        { layer: 'hidden', neurons: 3, spikes: 2 * count },
      ],
      operations: [
        { layer: 'hidden', additions: 3 * count, multiplications: 0 },
        { layer: 'out', additions: 6 * count, multiplications: count },
      ],
      raster: {},
    };
  });
  const run = (batch: number) =>
    stageOf(accuracy, { runtime, engine: spy }, { batch, timeSteps: 5 }).run(fakeContext(), {
      network: tinySnn,
      images,
      ann: undefined,
    });
  const apart = await run(3);
  expect(seen.map(([first, count, steps]) => [first, count, steps])).toEqual([
    [0, 3, 5],
    [3, 1, 5],
  ]);
  expect(new Set(seen.map(([, , , seed]) => seed)).size).toBe(1);
  expect(apart.operations.x).toEqual(['hidden', 'out']);
  expect(lineOf(apart.operations, 'additions')).toEqual([3, 6]);
  expect(lineOf(apart.operations, 'multiplications')).toEqual([0, 1]);
  expect(lineOf(apart.operations, 'neurons times time-steps')).toEqual([15, 15]);
  expect(await run(100)).toEqual(apart);
});

test('a limit takes fewer images, of every class its share', async () => {
  // The first image, and the second of the two of class 1, which the network gets wrong.
  const { metrics } = await stageOf(accuracy, { runtime, engine }, { limit: 2 }).run(
    fakeContext(),
    { network: tinyAnn, images, ann: undefined },
  );
  expect(metrics.values).toMatchObject({ accuracy: 0.5, images: 2 });
});

test('a dataset that does not fit is an error that names both shapes', async () => {
  const stage = stageOf(accuracy, { runtime, engine }, {});
  const wrong = randomImages([2, 4, 4, 1], 'wrong');
  await expect(
    stage.run(fakeContext(), { network: tinySnn, images: wrong, ann: undefined }),
  ).rejects.toThrow('1 × 1 × 3 (height × width × channels), but received 4 × 4 × 1');
  const classes = randomImages([2, 1, 1, 3], 'classes', ['a', 'b']);
  await expect(
    stage.run(fakeContext(), { network: tinyAnn, images: classes, ann: undefined }),
  ).rejects.toThrow('tells 3 classes apart, but the images have 2');
});

test('stops when the run is interrupted', async () => {
  const signal = AbortSignal.abort(new Error('interrupted'));
  const inputs = { images, ann: undefined };
  const stage = stageOf(accuracy, { runtime, engine }, {});
  await expect(stage.run(fakeContext({ signal }), { ...inputs, network: tinySnn })).rejects.toThrow(
    'interrupted',
  );
  await expect(stage.run(fakeContext({ signal }), { ...inputs, network: tinyAnn })).rejects.toThrow(
    'interrupted',
  );
});
