import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { LayerStatistics } from './layer-statistics.js';
import { suggest, type Findings } from './suggestion.js';

const layer = (name: string, change: Partial<LayerStatistics> = {}): LayerStatistics => ({
  layer: name,
  correlation: 0.9,
  dead: 0,
  saturated: 0,
  highestRate: 1,
  gain: 1,
  ...change,
});
const flat = { timeSteps: [10, 20], accuracy: [0.9, 0.9] };
/** As good as the ANN, unless something is changed. */
const findings = (change: Partial<Findings> = {}): Findings => ({
  converter: 'threshold-balancing',
  layers: [layer('conv1')],
  neededRates: (change.layers ?? [0]).map(() => 1),
  curve: flat,
  annAccuracy: 0.9,
  percentile: { percentile: 99.5, error: 0.01, errorNow: 0.25 },
  ...change,
});
const roomy = [
  layer('conv1', { highestRate: 0.5 }),
  layer('conv2', { highestRate: 0.36 }),
  layer('fc1', { highestRate: 0.125 }),
];
const converters = ['threshold-balancing', 'weight-normalisation', 'adaptive-spiking'] as const;

test('a healthy conversion whose T could be smaller', () => {
  const { thresholdFactor, timeSteps, advice } = suggest(findings());
  expect(thresholdFactor).toBe(1);
  expect(timeSteps).toBe(10);
  expect(advice).toEqual(['T = 10 already gives the accuracy of T = 20 within 1 point.']);
});

test.each(converters)('nothing to be gained: no advice for %s, whatever the rates', (converter) => {
  const layers = [layer('conv1', { saturated: 0.2 }), layer('fc1', { dead: 0.8 }), ...roomy];
  const curve = { timeSteps: [20], accuracy: [0.895] };
  const { thresholdFactor, advice } = suggest(findings({ converter, layers, curve }));
  expect(advice).toEqual([]);
  expect(thresholdFactor ?? 1).toBe(1);
});

test('rates that leave room for more accuracy', () => {
  const layers = roomy;
  const found = suggest(findings({ layers, annAccuracy: 0.95 }));
  expect(found.thresholdFactor).toBeCloseTo(0.6, 10);
  expect(found.advice).toEqual(['The rates leave room: multiply `scale` by 0.60.']);
  const adaptive = suggest(findings({ layers, annAccuracy: 0.95, converter: 'adaptive-spiking' }));
  expect(adaptive.thresholdFactor).toBe(0.5);
  expect(adaptive.advice).toEqual(['The rates leave room: multiply `threshold` by 0.50.']);
});

test('rates that are cut off: the factor gives them the room that the activations need', () => {
  const change = {
    layers: [layer('conv1', { highestRate: 0.5 }), layer('conv2', { saturated: 0.1 })],
    neededRates: [7, 2.25],
    annAccuracy: 0.95,
  };
  const found = suggest(findings(change));
  // conv1 is not saturated, so its own rate counts.
  expect(found.thresholdFactor).toBeCloseTo(1.5, 10);
  expect(found.advice).toEqual([
    'More than 1 % of the neurons spike at nearly every time-step in conv2: multiply `scale` by 1.50.',
  ]);
  const adaptive = suggest(findings({ ...change, converter: 'adaptive-spiking' }));
  expect(adaptive.thresholdFactor).toBe(2.25);
  expect(adaptive.advice[0]).toContain('in conv2: multiply `threshold` by 2.25.');
});

describe('silent, saturated and half-dead layers are named, with what their converter offers', () => {
  const layers = [
    layer('conv1', { saturated: 0.2 }),
    layer('conv2', { dead: 0.8 }),
    layer('fc1', { highestRate: 0, dead: 1 }),
  ];
  const [silent, saturated, dead] = [
    'No neuron spikes in fc1: ',
    'More than 1 % of the neurons spike at nearly every time-step in conv1: ',
    'More than half of the neurons that the ANN uses never spike in conv2: ',
  ] as const;
  const adviceFor = (converter: Findings['converter']) =>
    suggest(findings({ layers, annAccuracy: 0.95, converter })).advice;

  test('threshold-balancing', () => {
    const low = 'lower `scale`, or take a `percentile` below 100.';
    expect(adviceFor('threshold-balancing')).toEqual([
      silent + low,
      `${saturated}raise \`scale\` or \`percentile\`.`,
      dead + low,
    ]);
  });

  test('adaptive-spiking', () => {
    expect(adviceFor('adaptive-spiking')).toEqual([
      `${silent}lower \`threshold\`.`,
      `${saturated}raise \`threshold\` or \`percentile\`.`,
      `${dead}lower \`threshold\`.`,
    ]);
  });

  test('weight-normalisation', () => {
    const advice = adviceFor('weight-normalisation');
    expect(advice).toEqual([
      `${silent}λ is too large for T there.`,
      `${saturated}λ is too small there.`,
      `${dead}λ is too large for T there.`,
      '`statistic: percentile` with `percentile: 99.5` would lower the squared error of the rates from 25 % to 1 % of ' +
        "the activations' squares.",
    ]);
    expect(advice.join()).not.toMatch(/scale|threshold/);
  });
});

test('a percentile is given for weight normalisation alone, and advised where it helps', () => {
  const change = { converter: 'weight-normalisation', annAccuracy: 0.95 } as const;
  expect(suggest(findings(change))).toMatchObject({ percentile: 99.5, thresholdFactor: null });
  expect(suggest(findings(change)).advice).toHaveLength(1);
  const good = { percentile: 99.5, error: 0.01, errorNow: 0.0101 };
  expect(suggest(findings({ ...change, percentile: good })).advice).toEqual([]);
  expect(suggest(findings({ ...change, percentile: undefined })).percentile).toBeNull();
  for (const converter of ['threshold-balancing', 'adaptive-spiking'] as const) {
    expect(suggest(findings({ converter, annAccuracy: 0.95 })).percentile).toBeNull();
  }
});

test('more time-steps only where accuracy still rises and is below the ANN', () => {
  const curve = { timeSteps: [10, 20], accuracy: [0.5, 0.7] };
  expect(suggest(findings({ curve })).timeSteps).toBe(40);
  expect(suggest(findings({ curve, annAccuracy: 0.7 })).timeSteps).toBe(20);
});

test('a dead network gets no advice to take fewer time-steps', () => {
  const { timeSteps, advice } = suggest(
    findings({
      converter: 'weight-normalisation',
      layers: [layer('conv1'), layer('fc1', { highestRate: 0, dead: 1 })],
      curve: { timeSteps: [6, 30, 60], accuracy: [0.09, 0.09, 0.09] },
      annAccuracy: 1,
    }),
  );
  expect(timeSteps).toBe(60);
  expect(advice.join()).not.toContain('T = 6 ');
});

test('fewer time-steps are suggested only where accuracy is the ANN’s and no layer is silent', () => {
  const fraction = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(
      fc.constantFrom(...converters),
      fc.array(fraction, { minLength: 1, maxLength: 6 }),
      fc.array(fc.oneof(fc.constant(0), fraction), { minLength: 1, maxLength: 5 }),
      fraction,
      (converter, accuracy, rates, annAccuracy) => {
        const timeSteps = accuracy.map((_, i) => 10 * (i + 1));
        const layers = rates.map((highestRate, i) => layer(`l${i}`, { highestRate }));
        const found = suggest(
          findings({ converter, layers, annAccuracy, curve: { timeSteps, accuracy } }),
        );
        if (found.timeSteps < timeSteps.at(-1)!) {
          expect(Math.min(...rates)).toBeGreaterThan(0);
          expect(accuracy.at(-1)!).toBeGreaterThanOrEqual(annAccuracy - 0.01);
        }
      },
    ),
  );
});

test('the factor saturates no layer, and is at most 1 where none is saturated', () => {
  const rates = fc.array(fc.double({ min: 0.001, max: 1, noNaN: true }), {
    minLength: 1,
    maxLength: 15,
  });
  fc.assert(
    fc.property(rates, (highest) => {
      const layers = highest.map((highestRate, i) => layer(`l${i}`, { highestRate }));
      const factor = suggest(findings({ layers, annAccuracy: 0.95 })).thresholdFactor!;
      expect(factor).toBeGreaterThan(0);
      expect(factor).toBeLessThanOrEqual(1);
      highest.forEach((rate, i) => expect(rate / factor ** (i + 1)).toBeLessThanOrEqual(1 + 1e-9));
    }),
  );
});
