import type { Snn } from '@privatesnn/core';
import { createEngine, energyConstants } from '@privatesnn/spiking';
import { createTensorRuntime } from '@privatesnn/runtime-tfjs';
import { fakeContext } from '@privatesnn/testkit';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';

import { accuracy } from './accuracy.js';
import { activitySeries } from './activity.js';
import { energy } from './energy.js';
import { operationsSeries } from './operations.js';
import { lineOf, randomImages, stageOf, tinySnn } from './testing/fixtures.js';

const poisson = { ...tinySnn, encoder: { kind: 'poisson', range: [0, 1] } } as const;

/** Energy of the tiny network (9 + 9 synapses) for spikes per neuron of the encoder and of the hidden layer. */
const run = (
  input: number,
  hidden: number,
  options: object = {},
  { network = poisson, multiplications = 0 }: { network?: Snn; multiplications?: number } = {},
) =>
  stageOf(energy, {}, options).run(fakeContext(), {
    network,
    activity: activitySeries(
      [
        { layer: 'input', neurons: 3, spikes: 3 * input },
        { layer: 'hidden', neurons: 3, spikes: 3 * hidden },
      ],
      1,
      20,
    ),
    operations: operationsSeries(
      [
        { layer: 'hidden', additions: multiplications ? 0 : 9 * input, multiplications },
        { layer: 'out', additions: 9 * hidden, multiplications: 0 },
      ],
      1,
      20,
      network.architecture,
    ),
  });

test('by hand, with both pairs of constants, without biases and borders as the formula has it', async () => {
  const { metrics, layers } = await run(2, 0.5);
  const values = metrics.values as Record<string, number>;
  for (const prefix of ['', 'paper']) {
    const of = (name: string) =>
      values[prefix ? prefix + name[0]!.toUpperCase() + name.slice(1) : name];
    expect(of('annInteger')).toBeCloseTo(18 * 3.2, 10);
    expect(of('snnInteger')).toBeCloseTo((9 * 2 + 9 * 0.5) * 0.1, 10);
    expect(of('integerRatio')).toBeCloseTo(57.6 / 2.25, 10);
    expect(of('floatRatio')).toBeCloseTo((18 * 4.6) / (22.5 * 0.9), 10);
  }
  expect(values).toMatchObject({ flops: 18, annMultiplications: 18, annAdditions: 0 });
  expect(values['spikingOperations']).toBeCloseTo(22.5, 10);
  expect(values['snnAdditions']).toBeCloseTo(22.5, 10);
  expect(layers.x).toEqual(['hidden', 'out']);
  expect(lineOf(layers, 'SNN, integer')[0]).toBeCloseTo(1.8, 10);
});

test('biases are additions: one a neuron in the ANN, one a neuron and time-step in the SNN', async () => {
  const layers = poisson.architecture.layers.map((layer) =>
    layer.kind === 'dense' ? { ...layer, bias: true } : layer,
  );
  const network = { ...poisson, architecture: { ...poisson.architecture, layers } };
  const { metrics } = await run(2, 0.5, {}, { network });
  expect(metrics.values).toMatchObject({ annAdditions: 6, snnAdditions: 22.5 + 6 * 20 });
  expect(metrics.values['annFloat']).toBeCloseTo(18 * 4.6 + 6 * 0.9, 10);
});

test('a constant input costs multiplications at every time-step, or once where currents are kept', async () => {
  const network = { ...poisson, encoder: { kind: 'constant', range: [0, 1] } } as const;
  const each = await run(20, 1, {}, { network, multiplications: 9 * 20 });
  expect(each.metrics.values).toMatchObject({ snnMultiplications: 180, snnAdditions: 9 });
  expect(each.metrics.values['snnInteger']).toBeCloseTo(180 * 3.2 + 9 * 0.1, 10);
  const kept = await run(20, 1, { constantInput: 'kept' }, { network, multiplications: 9 * 20 });
  expect(kept.metrics.values).toMatchObject({ snnMultiplications: 9, snnAdditions: 9 + 3 * 20 });
});

test('a silent network costs its encoder alone, and nothing at all has no ratio', async () => {
  const { metrics } = await run(3, 0);
  expect(metrics.values['snnFloat']).toBeCloseTo(9 * 3 * 0.9, 10);
  expect((await run(0, 0)).metrics.values).toMatchObject({
    integerRatio: null,
    floatRatio: null,
    paperIntegerRatio: null,
  });
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
          return [values['snnInteger']!, values['snnFloat']!, values['paperSnnInteger']!];
        };
        const before = await of(input, hidden);
        for (const after of [await of(input + more, hidden), await of(input, hidden + more)]) {
          after.forEach((value, i) => expect(value).toBeGreaterThan(before[i]!));
        }
      },
    ),
  );
});

test('other constants', async () => {
  const { metrics } = await run(1, 1, { integer: { mac: 3.1, ac: 0.1 } });
  expect(metrics.values['integerRatio']).toBeCloseTo(31, 8);
});

test('takes what the accuracy stage measured, and nothing of another network', async () => {
  const [runtime, engine] = await Promise.all([
    createTensorRuntime({ prefer: 'embedded' }),
    createEngine({ implementation: 'wasm', threads: 1 }),
  ]);
  afterAll(() => engine.close());
  const { activity, operations } = await stageOf(
    accuracy,
    { runtime, engine },
    { timeSteps: 7 },
  ).run(fakeContext(), {
    network: poisson,
    images: randomImages([4, 1, 1, 3], 'energy'),
    ann: undefined,
  });
  const { metrics } = await stageOf(energy, {}, {}).run(fakeContext(), {
    network: poisson,
    activity,
    operations,
  });
  // Dense layers without biases and pooling: both ways count the same.
  expect(metrics.values['snnAdditions']).toBeCloseTo(metrics.values['spikingOperations']!, 8);
  expect(metrics.values['snnInteger']).toBeCloseTo(
    metrics.values['snnAdditions']! * energyConstants.integer.ac,
    8,
  );
  const other = { ...operations, x: ['hidden', 'other'] };
  await expect(
    stageOf(energy, {}, {}).run(fakeContext(), { network: poisson, activity, operations: other }),
  ).rejects.toThrow('Expected the operations of hidden, out');
});
