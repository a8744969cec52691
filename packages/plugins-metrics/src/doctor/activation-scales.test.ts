import { spikingLayers, weightedLayers } from '@privatesnn/core';
import { layerUnits, normaliseWeights, toRates } from '@privatesnn/spiking';
import {
  arbitraryAnn,
  arbitraryGraph,
  arbitraryParameters,
  arbitraryThresholds,
} from '@privatesnn/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { tinyAnn, tinySnn } from '../testing/fixtures.js';
import { activationScales, hasWeightsOf, neededRate } from './activation-scales.js';

test('the rate that the largest activations need: zeros, and one outlier of 2,000, do not count', () => {
  const activations = new Float32Array(4000).fill(3, 0, 2000);
  activations[5] = 90;
  expect(neededRate({ activations, scale: 2 })).toBe(1.5);
  expect(neededRate({ activations: new Float32Array(3), scale: 2 })).toBe(0);
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
            ...normaliseWeights(architecture, parameters, { ...values, output: 1 }),
            thresholds: Object.fromEntries(spiking.map((layer) => [layer, 1])),
          },
          ann,
        );
        const balanced = activationScales(
          {
            ...network,
            ...toRates(architecture, parameters, values),
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

test('those of a network that is any graph are the units of its spikes', () => {
  const networks = arbitraryGraph().chain((architecture) =>
    fc.record({
      architecture: fc.constant(architecture),
      parameters: arbitraryParameters(architecture),
      thresholds: arbitraryThresholds(architecture),
    }),
  );
  fc.assert(
    fc.property(networks, ({ architecture, parameters, thresholds }) => {
      fc.pre(
        weightedLayers(architecture).every(({ name }) =>
          parameters[`${name}.weight`]!.data.some((value) => value !== 0),
        ),
      );
      const ann = { ...tinyAnn, architecture, parameters };
      const scales = activationScales(
        { ...tinySnn, architecture, ...toRates(architecture, parameters, thresholds), thresholds },
        ann,
      );
      const { outputs } = layerUnits(architecture, thresholds);
      for (const layer of spikingLayers(architecture)) {
        const expected = outputs[architecture.layers.indexOf(layer)]!;
        expect(scales[layer.name]! / expected).toBeCloseTo(1, 6);
      }
    }),
  );
});

test('a network has the weights of its ANN until one of them is changed', () => {
  fc.assert(
    fc.property(annWithWeights, fc.nat(), (ann, place) => {
      const { architecture, parameters } = ann;
      const last = weightedLayers(architecture).at(-1)!;
      const weight = parameters[`${last.name}.weight`]!;
      const withWeight = (change: (w: number, i: number) => number) => ({
        ...tinySnn,
        architecture,
        parameters: {
          ...parameters,
          [`${last.name}.weight`]: { ...weight, data: weight.data.map(change) },
        },
      });
      expect(
        hasWeightsOf(
          ann,
          withWeight((w) => 0.3 * w),
        ),
      ).toBe(true);
      const largest = Math.max(...weight.data.map(Math.abs));
      const changed = place % weight.data.length;
      const other = withWeight((w, i) => (i === changed ? w + largest : w));
      // Where no other weight is there, a changed one is a factor.
      const isAlone = weight.data.every((w, i) => i === changed || w === 0);
      expect(hasWeightsOf(ann, other)).toBe(isAlone);
    }),
  );
});
