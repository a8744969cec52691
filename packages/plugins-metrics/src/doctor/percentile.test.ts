import { weightedLayers } from '@privatesnn/core';
import { biasesToRates, normaliseWeights, percentileOf } from '@privatesnn/spiking';
import { arbitraryAnn, arbitraryThresholds } from '@privatesnn/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { tinySnn } from '../testing/fixtures.js';
import { activationScales, choosePercentile, neededRate, rateError } from './percentile.js';

test('the error of the rates, by hand: λ = 2, T = 4, so steps of 0.5', () => {
  const activations = Float32Array.of(0.25, 1, 1.75, 3);
  // Coded as 0, 1, 1.5 and 2.
  const expected = (0.25 ** 2 + 0.25 ** 2 + 1) / (0.25 ** 2 + 1 + 1.75 ** 2 + 9);
  expect(rateError(activations, 2, 4)).toBeCloseTo(expected, 10);
  expect(rateError(activations, 100, 4)).toBe(1);
  expect(rateError(activations, Infinity, 4)).toBe(1);
});

test('the rate that the largest activations need: zeros, and one outlier of 2,000, do not count', () => {
  const activations = new Float32Array(4000).fill(3, 0, 2000);
  activations[5] = 90;
  expect(neededRate({ activations, scale: 2 })).toBe(1.5);
  expect(neededRate({ activations: new Float32Array(3), scale: 2 })).toBe(0);
});

const positive = fc
  .array(fc.double({ min: 0.01, max: 10, noNaN: true }), { minLength: 1, maxLength: 50 })
  .map((values) => Float32Array.from(values));

test('one outlier among many activations asks for a percentile below 100', () => {
  const activations = Float32Array.from({ length: 5000 }, (_, i) => 0.5 + (i % 10) / 20);
  activations[7] = 10;
  const choice = choosePercentile([{ activations, scale: 10 }], 10)!;
  expect(choice.percentile).toBeLessThan(100);
  expect(choice.errorNow).toBeCloseTo(rateError(activations, 10, 10), 10);
  expect(choice.error).toBeLessThan(0.2 * choice.errorNow);
});

test('given time enough, nothing is worth cutting off', () => {
  fc.assert(
    fc.property(positive, (activations) => {
      const choice = choosePercentile([{ activations, scale: 1 }], 60_000)!;
      expect(choice.error).toBeLessThan(1e-4);
      expect(percentileOf([activations], choice.percentile)).toBe(Math.max(...activations));
    }),
  );
});

test('the choice is not worse than the largest activation, and zeros do not count', () => {
  fc.assert(
    fc.property(positive, fc.integer({ min: 1, max: 200 }), (activations, timeSteps) => {
      const scale = Math.max(...activations);
      const choice = choosePercentile([{ activations, scale }], timeSteps)!;
      expect(choice.error).toBeLessThanOrEqual(choice.errorNow);
      const padded = Float32Array.of(...activations, 0, 0, 0);
      expect(choosePercentile([{ activations: padded, scale }], timeSteps)).toEqual(choice);
    }),
  );
  expect(choosePercentile([{ activations: new Float32Array(3), scale: 1 }], 5)).toBeUndefined();
});

/** Every layer has a weight that is not 0, so that its scale can be told. */
const annWithWeights = arbitraryAnn().filter(({ architecture, parameters }) =>
  weightedLayers(architecture).every(({ name }) =>
    parameters[`${name}.weight`]!.data.some((value) => value !== 0),
  ),
);

test('the scales of a network are found again, whatever converter set them', () => {
  fc.assert(
    fc.property(
      annWithWeights.chain((ann) =>
        fc.tuple(fc.constant(ann), arbitraryThresholds(ann.architecture)),
      ),
      ([ann, values]) => {
        const { architecture, parameters } = ann;
        const spiking = Object.keys(values);
        const network = { ...tinySnn, architecture };
        const normalised = activationScales(
          {
            ...network,
            parameters: normaliseWeights(architecture, parameters, { ...values, output: 1 }),
            thresholds: Object.fromEntries(spiking.map((layer) => [layer, 1])),
          },
          ann,
        );
        const balanced = activationScales(
          {
            ...network,
            parameters: biasesToRates(architecture, parameters, values),
            thresholds: values,
          },
          ann,
        );
        let product = 1;
        for (const layer of spiking) {
          expect(normalised[layer]! / values[layer]!).toBeCloseTo(1, 4);
          product *= values[layer]!;
          expect(balanced[layer]! / product).toBeCloseTo(1, 10);
        }
      },
    ),
  );
});
