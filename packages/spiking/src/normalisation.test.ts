import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { weightedLayers, type Ann, type Architecture, type Parameters } from '@privatesnn/core';
import { arbitraryAnn, arbitraryPixels, floatArray } from '@privatesnn/testkit';

import {
  dataBasedScales,
  modelBasedScales,
  normaliseWeights,
  type LayerScales,
} from './normalisation.js';
import { currentUnits, fromRates, toRates } from './units.js';
import { computed, currents, operationsOf } from './reference/network.js';

/** The ReLU network's activations by layer, for one image. */
function activations(
  architecture: Architecture,
  parameters: Parameters,
  pixels: Float32Array,
): Record<string, Float32Array> {
  const result: Record<string, Float32Array> = {};
  let x = pixels;
  for (const operation of operationsOf(architecture, parameters)) {
    if (operation.kind === 'dropout') continue;
    if (operation.kind === 'weighted') {
      [x] = currents(operation, [x]) as [Float32Array];
      if (!operation.last) x = x.map((value) => Math.max(0, value));
      result[operation.layer.name] = x;
    } else {
      [x] = computed(operation, [[x]]) as [Float32Array];
    }
  }
  return result;
}

const outputOf = (ann: Ann, parameters: Parameters, pixels: Float32Array) =>
  Array.from(activations(ann.architecture, parameters, pixels)['output']!);

const annAndImage = arbitraryAnn({ pooling: ['average-pool', 'max-pool'] }).chain((ann) =>
  fc.record({
    ann: fc.constant(ann),
    pixels: arbitraryPixels(ann.architecture, [0, 1], 1),
  }),
);

const powers = (architecture: Architecture) =>
  fc
    .array(fc.integer({ min: -4, max: 4 }), { minLength: 4, maxLength: 4 })
    .map((exponents): LayerScales =>
      Object.fromEntries(
        weightedLayers(architecture).map(({ name }, i) => [name, 2 ** exponents[i]!]),
      ),
    );

describe('normaliseWeights', () => {
  it("divides the ReLU network's output by λ(L), exactly where the scales are powers of two", () => {
    fc.assert(
      fc.property(
        annAndImage.chain(({ ann, pixels }) =>
          fc.record({
            ann: fc.constant(ann),
            pixels: fc.constant(pixels),
            scales: powers(ann.architecture),
          }),
        ),
        ({ ann, pixels, scales }) => {
          const normalised = normaliseWeights(ann.architecture, ann.parameters, scales).parameters;
          expect(outputOf(ann, normalised, pixels)).toEqual(
            outputOf(ann, ann.parameters, pixels).map((value) => value / scales['output']!),
          );
        },
      ),
    );
  });

  it('refuses a layer without a scale above 0', () => {
    const [ann] = fc.sample(arbitraryAnn(), { numRuns: 1, seed: 1 }) as [Ann];
    expect(
      () => normaliseWeights(ann.architecture, ann.parameters, { output: 0 }).parameters,
    ).toThrow(expect.objectContaining({ code: 'NORMALISATION_SCALE' }));
  });
});

/** Networks in which every layer can be active: one positive weight at least. */
const withPositiveWeights = (ann: Ann) =>
  weightedLayers(ann.architecture).every(({ name }) =>
    ann.parameters[`${name}.weight`]!.data.some((value) => value > 0),
  );

describe('modelBasedScales', () => {
  const ranges = [
    [0, 1],
    [-1, 1],
    [-0.5, 2],
    [0.5, 1],
  ] as const;
  const cases = fc.constantFrom(...ranges).chain((range) =>
    arbitraryAnn({ pooling: ['average-pool', 'max-pool'] }).chain((ann) =>
      fc.record({
        range: fc.constant(range),
        ann: fc.constant(ann),
        pixels: arbitraryPixels(ann.architecture, range, 1),
      }),
    ),
  );

  it('keep every activation at or below 1 for inputs in their range', () => {
    fc.assert(
      fc.property(cases, ({ ann, range, pixels }) => {
        fc.pre(withPositiveWeights(ann));
        const scales = modelBasedScales(ann.architecture, ann.parameters, range);
        const normalised = normaliseWeights(ann.architecture, ann.parameters, scales).parameters;
        const all = activations(ann.architecture, normalised, pixels);
        for (const layer of Object.values(all)) {
          expect(Math.max(...layer)).toBeLessThanOrEqual(1 + 1e-5);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("sum the first layer's absolute weights for [-1, 1]; an input of their signs reaches the bound", () => {
    fc.assert(
      fc.property(floatArray(6, { min: -1, max: 1, step: 1 / 8 }), (data) => {
        fc.pre(data.some((w) => w !== 0));
        const architecture: Architecture = {
          name: 'one unit',
          inputShape: [2, 3, 1],
          classes: 1,
          layers: [
            { kind: 'flatten' },
            { kind: 'dense', name: 'output', inputs: 6, outputs: 1, bias: false },
          ],
        };
        const parameters = { 'output.weight': { shape: [6, 1], data } };
        const bound = data.reduce((sum, w) => sum + Math.abs(w), 0);
        expect(modelBasedScales(architecture, parameters, [-1, 1])).toEqual({ output: bound });
        const largest = activations(architecture, parameters, data.map(Math.sign));
        expect(largest['output']![0]).toBe(bound);
      }),
    );
  });

  it('make the largest positive weight sum of every layer 1 where there are no biases (Algorithm 1)', () => {
    fc.assert(
      fc.property(arbitraryAnn({ bias: false }), (ann) => {
        fc.pre(withPositiveWeights(ann));
        const scales = modelBasedScales(ann.architecture, ann.parameters);
        const normalised = normaliseWeights(ann.architecture, ann.parameters, scales).parameters;
        for (const { name } of weightedLayers(ann.architecture)) {
          const { data, shape } = normalised[`${name}.weight`]!;
          const channels = shape.at(-1)!;
          const sums = new Array<number>(channels).fill(0);
          data.forEach((value, i) => (sums[i % channels]! += Math.max(0, value)));
          expect(Math.max(...sums)).toBeCloseTo(1, 5);
        }
      }),
    );
  });
});

describe('dataBasedScales', () => {
  it('are the larger of weight and activation, and compose to λ(L)', () => {
    fc.assert(
      fc.property(annAndImage, ({ ann, pixels }) => {
        fc.pre(withPositiveWeights(ann));
        const { architecture, parameters } = ann;
        const original = activations(architecture, parameters, pixels);
        const largest = Object.fromEntries(
          Object.entries(original).map(([layer, values]) => [layer, Math.max(...values)]),
        );
        const scales = dataBasedScales(architecture, parameters, largest);
        for (const [layer, scale] of Object.entries(scales)) {
          const weights = parameters[`${layer}.weight`]!.data;
          expect(scale).toBe(Math.max(largest[layer]!, ...weights));
        }
        const normalised = activations(
          architecture,
          normaliseWeights(architecture, parameters, scales).parameters,
          pixels,
        );
        for (const [layer, values] of Object.entries(normalised)) {
          values.forEach((value, i) =>
            expect(value).toBeCloseTo(original[layer]![i]! / scales[layer]!, 3),
          );
        }
      }),
    );
  });
});

describe('toRates', () => {
  const cases = annAndImage.chain(({ ann, pixels }) =>
    fc.record({
      ann: fc.constant(ann),
      pixels: fc.constant(pixels),
      thresholds: powers(ann.architecture),
    }),
  );

  it('keeps a network whose layers divide by θ in proportion to the ReLU network: a(l) / Λ(l)', () => {
    fc.assert(
      fc.property(cases, ({ ann: { architecture, parameters }, pixels, thresholds }) => {
        const original = activations(architecture, parameters, pixels);
        const scaled = toRates(architecture, parameters, thresholds).parameters;
        const dividing = Object.fromEntries(
          Object.entries(scaled).map(([name, { shape, data }]) => {
            const theta = thresholds[name.slice(0, name.lastIndexOf('.'))]!;
            return [name, { shape, data: data.map((value) => value / theta) }];
          }),
        );
        const scales = currentUnits(architecture, thresholds);
        const rates = activations(architecture, dividing, pixels);
        for (const [layer, values] of Object.entries(rates)) {
          const scale = scales[layer]! * thresholds[layer]!;
          expect(Array.from(values)).toEqual(Array.from(original[layer]!, (a) => a / scale));
        }
      }),
    );
  });

  it('is undone by fromRates', () => {
    fc.assert(
      fc.property(cases, ({ ann: { architecture, parameters }, thresholds }) => {
        const there = toRates(architecture, parameters, thresholds).parameters;
        expect(fromRates(architecture, there, thresholds)).toEqual(parameters);
      }),
    );
  });
});
