import { fakeContext } from '@privatesnn/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { lineOf, stageOf, tinyAnn, tinySnn } from './testing/fixtures.js';
import { activitySeries, readActivity } from './activity.js';
import { spikeRate } from './spike-rate.js';

const activity = (input: number, hidden: number) =>
  activitySeries(
    [
      { layer: 'input', neurons: 3, spikes: input },
      { layer: 'hidden', neurons: 3, spikes: hidden },
    ],
    4,
    20,
  );

test('spikes over neurons, images and time-steps', async () => {
  const { metrics, rates } = await stageOf(spikeRate, {}, {}).run(fakeContext(), {
    network: tinySnn,
    activity: activity(24, 60),
  });
  expect(metrics.values).toEqual({
    spikesPerNeuron: 5,
    spikeRate: 0.25,
    inputSpikesPerNeuron: 2,
    lowestSpikesPerNeuron: 5,
    silentLayers: 0,
    negativePart: null,
  });
  expect(metrics.reasons!['negativePart']).toContain('not signed');
  expect(rates.x).toEqual(['hidden']);
  expect(lineOf(rates, 'spikes per neuron and time-step')).toEqual([0.25]);
});

test('of signed neurons it says how many spikes take one back', async () => {
  const series = activitySeries(
    [
      { layer: 'input', neurons: 3, spikes: 24 },
      { layer: 'hidden', neurons: 3, spikes: 60, negative: 15 },
    ],
    4,
    20,
  );
  const { metrics, rates } = await stageOf(spikeRate, {}, {}).run(fakeContext(), {
    network: tinySnn,
    activity: series,
  });
  expect(metrics.values).toMatchObject({ spikesPerNeuron: 5, negativePart: 0.25 });
  expect(lineOf(rates, 'negative spikes per neuron')).toEqual([1.25]);
});

test('a silent layer is counted and told', async () => {
  const context = fakeContext();
  const { metrics } = await stageOf(spikeRate, {}, {}).run(context, {
    network: tinySnn,
    activity: activity(24, 0),
  });
  expect(metrics.values['silentLayers']).toBe(1);
  expect(context.warnings[0]).toContain('hidden');
});

test('what is written is read back', () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.nat(1000), (input, hidden) => {
      const [encoder, layer] = readActivity(activity(input, hidden), tinySnn);
      expect(encoder!.spikesPerNeuron).toBeCloseTo(input / 12, 10);
      expect(layer!.spikesPerNeuron).toBeCloseTo(hidden / 12, 10);
      expect(layer!.spikeRate).toBeCloseTo(hidden / 240, 10);
      expect(layer!.neurons).toBe(3);
    }),
  );
});

test("an ANN's activity, which is empty, and another network's are errors", () => {
  const empty = activitySeries([], 4, 1);
  expect(() => readActivity(empty, tinySnn)).toThrow(
    'Expected the activity of input, hidden, but the series "Spike activity by layer" holds no layer.',
  );
  const renamed = { ...activity(1, 1), x: ['input', 'conv1'] };
  expect(() => readActivity(renamed, { ...tinySnn, parameters: tinyAnn.parameters })).toThrow(
    'holds input, conv1',
  );
});
