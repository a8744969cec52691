import { createTensorRuntime } from '@privatesnn/runtime-tfjs';
import { createReferenceEngine } from '@privatesnn/spiking';
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
const run = async (network: typeof tinySnn, pictures = images) => {
  const context = fakeContext();
  const result = await stageOf(conversionDoctor, { runtime, engine }, { batch: 2 }).run(context, {
    network,
    ann: tinyAnn,
    images: pictures,
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

test('thresholds far too high: silence is found, and lower ones are advised', async () => {
  const { metrics, layers, context } = await run({ ...tinySnn, thresholds: { hidden: 100 } });
  expect(metrics.values).toMatchObject({ accuracy: 0, ties: 3, lowestCorrelation: null });
  expect(lineOf(layers, 'dead neurons')).toEqual([1]);
  expect(context.infos[0]).toContain('No neuron spikes in hidden: lower `scale`');
  expect(metrics.values).toMatchObject({ suggestedTimeSteps: 20, suggestedPercentile: null });
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
  const { metrics } = await run({ ...tinySnn, thresholds: { hidden: 4 } }, close);
  expect(metrics.values).toMatchObject({ accuracy: 0, ties: 3, annAccuracy: 1 });
  expect(metrics.values['suggestedThresholdFactor']).toBeCloseTo(0.1, 10);
});

test('the same by weight normalisation: a percentile is suggested, and no threshold', async () => {
  const coarse = tinyAnn.parameters['hidden.weight']!.data.map((w) => w / 4);
  const parameters = { ...tinyAnn.parameters, 'hidden.weight': { shape: [3, 3], data: coarse } };
  const { metrics, context } = await run({ ...tinySnn, parameters }, close);
  expect(metrics.values).toMatchObject({ accuracy: 0, ties: 3, suggestedThresholdFactor: null });
  expect(metrics.values['suggestedPercentile']).toBe(100);
  expect(context.infos).toEqual([
    expect.stringMatching(/^`statistic: percentile` with `percentile: 100` would lower /),
  ]);
});

test('thresholds far too low: saturation is found', async () => {
  const { layers, metrics, context } = await run(
    { ...tinySnn, thresholds: { hidden: 0.05 } },
    close,
  );
  expect(lineOf(layers, 'saturated neurons')[0]).toBeGreaterThan(0.3);
  expect(context.infos.join()).toContain('in hidden: multiply `scale` by 10.00.');
  // The largest activation is 0.5.
  expect(metrics.values['suggestedThresholdFactor']).toBeCloseTo(10, 5);
});

test('another ANN is an error', async () => {
  const stage = stageOf(conversionDoctor, { runtime, engine }, {});
  const other = {
    ...tinyAnn,
    architecture: { ...tinyAnn.architecture, layers: tinyAnn.architecture.layers.slice(0, 2) },
  };
  await expect(stage.run(fakeContext(), { network: tinySnn, ann: other, images })).rejects.toThrow(
    'with the layers flatten, hidden, out, but it has flatten, hidden',
  );
});
