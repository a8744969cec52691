import { createTensorRuntime } from '@privatesnn/runtime-tfjs';
import type { Ann, Snn } from '@privatesnn/core';
import {
  createReferenceEngine,
  normaliseWeights,
  toRates,
  type InferenceRequest,
} from '@privatesnn/spiking';
import { fakeContext } from '@privatesnn/testkit';
import { beforeAll, expect, test } from 'vitest';

import { lineOf, pixelImages, stageOf, tinyAnn, tinySnn } from './testing/fixtures.js';
import { conversionDoctor } from './conversion-doctor.js';

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
  ],
  [0, 1, 2],
);
const run = async (network: typeof tinySnn, pictures = images, by = engine) => {
  const context = fakeContext();
  const dependencies = { runtime, engine: by };
  const result = await stageOf(conversionDoctor, dependencies, { batch: 2 }).run(context, {
    network,
    ann: tinyAnn,
    images: pictures,
    calibration: undefined,
  });
  return { ...result, context };
};

test('a good conversion: rates follow the activations', async () => {
  const { metrics, layers, curve } = await run(tinySnn);
  expect(metrics.values).toMatchObject({ accuracy: 1, annAccuracy: 1 });
  expect(metrics.values['lowestCorrelation']).toBeGreaterThan(0.99);
  expect(layers.x).toEqual(['hidden']);
  expect(lineOf(layers, 'dead neurons')).toEqual([0]);
  expect(lineOf(layers, 'accuracy of the ANN from here on')).toEqual([1]);
  // The brightest channel, 0.9, less the charge that is left over at the end.
  expect(lineOf(layers, 'highest spike rate')[0]).toBeGreaterThanOrEqual(0.85);
  expect(curve.x.at(-1)).toBe(20);
  expect(lineOf(curve, 'accuracy').at(-1)).toBe(1);
});

test('spikes that are taken back are no part of a rate', async () => {
  const neurons = 3;
  // Every neuron sends 1, −1 and 1, and nothing after that.
  const wavering: typeof engine = {
    ...engine,
    async infer(request) {
      const { raster, ...rest } = await engine.infer(request);
      const { hidden } = raster;
      const steps = request.timeSteps ?? request.snn.timeSteps;
      const changed = hidden?.map((_, i) => [1, 255, 1][Math.floor(i / neurons) % steps] ?? 0);
      return { ...rest, raster: changed ? { hidden: changed } : {} };
    },
  };
  const { layers } = await run(tinySnn, images, wavering);
  expect(lineOf(layers, 'highest spike rate')).toEqual([1 / 20]);
});

/** A residual block: what goes past it counts as much as what it adds. */
const residual: Ann = {
  ...tinyAnn,
  architecture: {
    ...tinyAnn.architecture,
    name: 'residual',
    layers: [
      { kind: 'flatten' },
      { kind: 'dense', name: 'stem', inputs: 3, outputs: 3, bias: false },
      { kind: 'dense', name: 'a', inputs: 3, outputs: 3, bias: true },
      { kind: 'dense', name: 'b', inputs: 3, outputs: 3, bias: false, linear: true },
      { kind: 'add', name: 'sum', from: ['stem', 'b'] },
      { kind: 'dense', name: 'out', inputs: 3, outputs: 3, bias: false },
    ],
  },
  parameters: Object.fromEntries([
    ...['stem', 'a', 'b', 'out'].map(
      (name) => [`${name}.weight`, tinyAnn.parameters['hidden.weight']!] as const,
    ),
    ['a.bias', { shape: [3], data: Float32Array.of(0.125, 0.125, 0.125) }],
  ]),
};

const thresholdsOfBlock = { stem: 1, a: 1.25, sum: 2.5 };
const { architecture: block, parameters: blockWeights } = residual;

test.each<[string, Partial<Snn>]>([
  [
    'balanced',
    { thresholds: thresholdsOfBlock, ...toRates(block, blockWeights, thresholdsOfBlock) },
  ],
  [
    'normalised',
    {
      thresholds: { stem: 1, a: 1, sum: 1 },
      ...normaliseWeights(block, blockWeights, { stem: 1, a: 1.25, sum: 2.5, out: 1 }),
    },
  ],
])('a residual network, %s: rates follow the activations', async (_, change) => {
  const network = { ...tinySnn, architecture: block, ...change, timeSteps: 200 };
  const context = fakeContext();
  const { metrics, layers } = await stageOf(conversionDoctor, { runtime, engine }, {}).run(
    context,
    { network, ann: residual, images, calibration: undefined },
  );
  expect(metrics.values).toMatchObject({ accuracy: 1, annAccuracy: 1, agreement: 1 });
  expect(layers.x).toEqual(['stem', 'a', 'sum']);
  expect(metrics.values['lowestCorrelation']).toBeGreaterThan(0.99);
  expect(lineOf(layers, 'saturated neurons')).toEqual([0, 0, 0]);
  expect(lineOf(layers, 'accuracy of the ANN from here on')).toEqual([1, 1, 1]);
});

test('a residual network with thresholds far too high: much lower ones are advised', async () => {
  const thresholds = { stem: 6, a: 6, sum: 8 };
  const network: Snn = {
    ...{ ...tinySnn, architecture: block, thresholds },
    ...toRates(block, blockWeights, thresholds),
  };
  const context = fakeContext();
  const { metrics } = await stageOf(conversionDoctor, { runtime, engine }, {}).run(context, {
    network,
    ann: residual,
    images,
    calibration: undefined,
  });
  expect(metrics.values['accuracy']).toBe(0);
  expect(metrics.values['suggestedThresholdFactor']).toBeLessThan(0.5);
  expect(context.infos.join()).toContain('it agrees with the ANN on 100 % of the images');
});

test('thresholds far too high: silence is found, and much lower ones are advised', async () => {
  const { metrics, layers, context } = await run({ ...tinySnn, thresholds: { hidden: 100 } });
  expect(metrics.values).toMatchObject({
    accuracy: 0,
    agreement: 0,
    ties: 3,
    lowestCorrelation: null,
    suggestedThresholdFactor: 0.009,
    suggestedTimeSteps: 20,
    suggestedPercentile: null,
  });
  expect(lineOf(layers, 'dead neurons')).toEqual([1]);
  expect(context.infos).toEqual([
    'No neuron spikes in hidden.',
    'Try `scale` times 0.009: it agrees with the ANN on 100 % of the images instead of 0 %.',
  ]);
});

/** Images whose classes only fine rates tell apart. */
const close = pixelImages(
  [
    [0.5, 0.45, 0.1],
    [0.45, 0.5, 0.1],
    [0.1, 0.45, 0.5],
  ],
  [0, 1, 2],
);

test('thresholds four times too high: the factor brings the rates back', async () => {
  const { metrics, context } = await run({ ...tinySnn, thresholds: { hidden: 4 } }, close);
  expect(metrics.values).toMatchObject({ accuracy: 0, ties: 3, annAccuracy: 1 });
  expect(metrics.values['suggestedThresholdFactor']).toBe(0.25);
  expect(context.infos).toEqual([
    'Try `scale` times 0.25: it agrees with the ANN on 100 % of the images instead of 0 %.',
  ]);
});

test('the same by weight normalisation: a percentile is suggested, and no threshold', async () => {
  const coarse = tinyAnn.parameters['hidden.weight']!.data.map((w) => w / 4);
  const parameters = { ...tinyAnn.parameters, 'hidden.weight': { shape: [3, 3], data: coarse } };
  const { metrics, context } = await run({ ...tinySnn, parameters }, close);
  expect(metrics.values).toMatchObject({ accuracy: 0, ties: 3, suggestedThresholdFactor: null });
  expect(metrics.values['suggestedPercentile']).toBeGreaterThan(0);
  expect(context.infos).toEqual([
    expect.stringMatching(
      /^Try `statistic: percentile` with `percentile: [\d.]+`: .* 100 % .* 0 %/,
    ),
  ]);
});

test('thresholds far too low: saturation is found', async () => {
  const { layers, metrics, context } = await run(
    { ...tinySnn, thresholds: { hidden: 0.05 } },
    close,
  );
  expect(lineOf(layers, 'saturated neurons')[0]).toBeGreaterThan(0.3);
  expect(context.infos[0]).toContain('would need more spikes than time-steps in hidden.');
  // The largest activation is 0.5.
  expect(metrics.values['suggestedThresholdFactor']).toBeCloseTo(10, 5);
});

/** Images that no one threshold tells apart within one time-step. */
const levels = pixelImages(
  [
    [0.9, 0.8, 0.1],
    [0.3, 0.4, 0.1],
    [0.1, 0.2, 0.25],
  ],
  [0, 1, 2],
);

test.each([1, 2])('at T = %i no factor helps: more time-steps do', async (timeSteps) => {
  const { metrics, context } = await run(
    { ...tinySnn, timeSteps, thresholds: { hidden: 1.02 } },
    levels,
  );
  expect(metrics.values).toMatchObject({ accuracy: 0, annAccuracy: 1 });
  expect(metrics.values['suggestedTimeSteps']).toBeGreaterThan(2);
  const advices = context.infos.filter((sentence) => /help|Try/.test(sentence));
  expect(advices).toEqual([expect.stringContaining('More time-steps help, try T = ')]);
});

test('weights that were trained since: the converter’s options stay as they are', async () => {
  const data = tinyAnn.parameters['hidden.weight']!.data.map((w, i) => w + 0.01 * i);
  const parameters = { ...tinyAnn.parameters, 'hidden.weight': { shape: [3, 3], data } };
  const { metrics, context } = await run(
    { ...tinySnn, parameters, thresholds: { hidden: 100 } },
    close,
  );
  expect(metrics.values).toMatchObject({
    suggestedThresholdFactor: null,
    suggestedPercentile: null,
  });
  expect(context.infos.join()).toContain('The weights were trained since');
});

test('what helps the images but costs the calibration images is not advised', async () => {
  const advised = async (calibration: typeof close | undefined) => {
    const context = fakeContext();
    const inputs = {
      network: { ...tinySnn, thresholds: { hidden: 4 } },
      ann: tinyAnn,
      images: close,
    };
    const stage = stageOf(conversionDoctor, { runtime, engine: reluctant }, {});
    const { metrics } = await stage.run(context, { ...inputs, calibration });
    return metrics.values;
  };
  // An engine for which the calibration images, told by their first pixel, are right with the thresholds as they are.
  const reluctant = {
    ...engine,
    infer: async (request: InferenceRequest) => {
      if (request.pixels[0] !== 0.25) return engine.infer(request);
      const hidden = request.snn.thresholds['hidden'] === 4 ? 0.2 : 100;
      return engine.infer({ ...request, snn: { ...request.snn, thresholds: { hidden } } });
    },
  };
  const calibration = pixelImages([[0.25, 0.1, 0.1]], [0]);
  expect((await advised(undefined))['suggestedThresholdFactor']).toBeLessThan(1);
  expect((await advised(calibration))['suggestedThresholdFactor']).toBe(1);
});

test('another ANN is an error', async () => {
  const stage = stageOf(conversionDoctor, { runtime, engine }, {});
  const other = {
    ...tinyAnn,
    architecture: { ...tinyAnn.architecture, layers: tinyAnn.architecture.layers.slice(0, 2) },
  };
  await expect(
    stage.run(fakeContext(), { network: tinySnn, ann: other, images, calibration: undefined }),
  ).rejects.toThrow('with the layers flatten, hidden, out, but it has flatten, hidden');
});
