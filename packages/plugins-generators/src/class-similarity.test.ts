import type { Parameter } from '@privatesnn/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { classSimilarity, concentrations, minMaxRows } from './class-similarity.js';

/** Weights of three classes on two features: (3, 4), (4, 3), (0, −2). */
const example: Parameter = { shape: [2, 3], data: Float32Array.of(3, 4, 0, 4, 3, -2) };

const weights = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 2, max: 6 }))
  .chain(([features, classes]) =>
    fc
      .array(fc.integer({ min: -20, max: 20 }), {
        minLength: features * classes,
        maxLength: features * classes,
      })
      .map((values): Parameter => ({
        shape: [features, classes],
        data: Float32Array.from(values),
      })),
  );
const kinds = fc.constantFrom('cosine' as const, 'paper-literal' as const);

describe('classSimilarity', () => {
  it('gives the cosines of a hand example', () => {
    const expected = [1, 0.96, -0.8, 0.96, 1, -0.6, -0.8, -0.6, 1];
    classSimilarity(example, 'cosine').forEach((s, i) => expect(s).toBeCloseTo(expected[i]!, 12));
  });

  it('gives Eq. 2 as printed on the same example', () => {
    const expected = [
      1 / 25,
      24 / 625,
      -8 / 100,
      24 / 625,
      1 / 25,
      -6 / 100,
      -8 / 100,
      -6 / 100,
      1 / 4,
    ];
    classSimilarity(example, 'paper-literal').forEach((s, i) =>
      expect(s).toBeCloseTo(expected[i]!, 12),
    );
  });

  it('is symmetric', () => {
    fc.assert(
      fc.property(weights, kinds, (weight, kind) => {
        const classes = weight.shape[1]!;
        const s = classSimilarity(weight, kind);
        for (let i = 0; i < classes; i++) {
          for (let j = 0; j < classes; j++) expect(s[i * classes + j]).toBe(s[j * classes + i]);
        }
      }),
    );
  });

  it('does not change with the scale of the weights, as cosine', () => {
    fc.assert(
      fc.property(weights, fc.constantFrom(0.25, 2, 64), (weight, scale) => {
        const scaled = { ...weight, data: weight.data.map((v) => v * scale) };
        const [a, b] = [classSimilarity(weight, 'cosine'), classSimilarity(scaled, 'cosine')];
        a.forEach((value, i) => expect(b[i]).toBeCloseTo(value, 12));
      }),
    );
  });
});

describe('concentrations', () => {
  it('scales each row of cosines to [0, 1], with 1 for the class itself', () => {
    const alpha = concentrations(example, { similarity: 'cosine', beta: 2, epsilon: 0.01 });
    const own = [0, 4, 8].map((i) => alpha[i]);
    own.forEach((value) => expect(value).toBeCloseTo(2.01, 12));
    expect(alpha[2]).toBeCloseTo(0.01, 12);
    expect(alpha[1]).toBeCloseTo(2 * (1.76 / 1.8) + 0.01, 12);
  });

  it('is always positive', () => {
    fc.assert(
      fc.property(weights, kinds, (weight, similarity) => {
        const alpha = concentrations(weight, { similarity, beta: 0.1, epsilon: 1e-4 });
        expect(alpha.every((value) => value > 0 && Number.isFinite(value))).toBe(true);
      }),
    );
  });
});

it('minMaxRows reaches 0 and 1 in every row that is not constant', () => {
  const scaled = minMaxRows(Float64Array.of(2, 4, 6, 5, 5, 5, -1, 0, -3));
  expect([...scaled]).toEqual([0, 0.5, 1, 1, 1, 1, 2 / 3, 1, 0]);
});
