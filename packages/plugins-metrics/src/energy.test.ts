import { fakeContext } from '@privatesnn/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { lineOf, stageOf, tinySnn } from './testing/fixtures.js';
import { activitySeries } from './activity.js';
import { energy } from './energy.js';

const poisson = { ...tinySnn, encoder: { kind: 'poisson', range: [0, 1] } } as const;

/** Energy of the tiny network (9 + 9 synapses) for spikes per neuron of the encoder and of the hidden layer. */
const run = (input: number, hidden: number, network: typeof tinySnn = poisson) =>
  stageOf(energy, {}, {}).run(fakeContext(), {
    network,
    activity: activitySeries(
      [
        { layer: 'input', neurons: 3, spikes: 3 * input },
        { layer: 'hidden', neurons: 3, spikes: 3 * hidden },
      ],
      1,
      20,
    ),
  });

test('by hand, with both pairs of constants', async () => {
  const { metrics, layers } = await run(2, 0.5);
  const values = metrics.values as Record<string, number>;
  expect(values['annInteger']).toBeCloseTo(18 * 3.2, 10);
  expect(values['snnInteger']).toBeCloseTo((9 * 2 + 9 * 0.5) * 0.1, 10);
  expect(values['integerRatio']).toBeCloseTo(57.6 / 2.25, 10);
  expect(values['floatRatio']).toBeCloseTo((18 * 4.6) / (22.5 * 0.9), 10);
  expect(values['flops']).toBe(18);
  expect(values['spikingOperations']).toBeCloseTo(22.5, 10);
  expect(layers.x).toEqual(['hidden', 'out']);
  expect(lineOf(layers, 'SNN, integer')[0]).toBeCloseTo(1.8, 10);
});

test('a silent network costs its encoder alone, and nothing at all has no ratio', async () => {
  const { metrics } = await run(3, 0);
  expect(metrics.values['snnFloat']).toBeCloseTo(9 * 3 * 0.9, 10);
  expect((await run(0, 0)).metrics.values).toMatchObject({ integerRatio: null, floatRatio: null });
});

test('grows with every spike', async () => {
  const rate = fc.double({ min: 0, max: 50, noNaN: true });
  await fc.assert(
    fc.asyncProperty(
      rate,
      rate,
      fc.double({ min: 0.01, max: 5, noNaN: true }),
      async (input, hidden, more) => {
        const of = async (i: number, h: number) => {
          const { values } = (await run(i, h)).metrics;
          return [values['snnInteger']!, values['snnFloat']!];
        };
        const before = await of(input, hidden);
        for (const after of [await of(input + more, hidden), await of(input, hidden + more)]) {
          expect(after[0]).toBeGreaterThan(before[0]!);
          expect(after[1]).toBeGreaterThan(before[1]!);
        }
      },
    ),
  );
});

test('other constants', async () => {
  const { metrics } = await stageOf(energy, {}, { integer: { mac: 3.1, ac: 0.1 } }).run(
    fakeContext(),
    {
      network: poisson,
      activity: activitySeries(
        [
          { layer: 'input', neurons: 3, spikes: 3 },
          { layer: 'hidden', neurons: 3, spikes: 3 },
        ],
        1,
        20,
      ),
    },
  );
  expect(metrics.values['integerRatio']).toBeCloseTo(31, 8);
});
