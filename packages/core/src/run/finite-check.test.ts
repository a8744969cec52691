import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Ann, Artefact } from '../contracts/artefacts.js';
import { UserError } from '../contracts/error.js';
import { assertFinite } from './finite-check.js';

const notFinite = fc.constantFrom(NaN, Infinity, -Infinity);

const ann = (weight: Float32Array, bias = new Float32Array(2)): Ann => ({
  type: 'ann',
  architecture: {
    name: 'tiny',
    inputShape: [1, 1, 3],
    classes: 2,
    layers: [
      { kind: 'flatten' },
      { kind: 'dense', name: 'fc1', inputs: 3, outputs: 2, bias: true },
    ],
  },
  parameters: {
    'fc1.weight': { shape: [3, 2], data: weight },
    'fc1.bias': { shape: [2], data: bias },
  },
  inputRange: [0, 1],
  classNames: ['a', 'b'],
  statistics: { fc1: { mean: new Float32Array(2), variance: new Float32Array(2) } },
});

function refusal(artefact: Artefact): UserError {
  try {
    assertFinite('out', artefact);
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('assertFinite', () => {
  test('names the tensor, how many of its numbers, and the first of them', () => {
    const places = fc.uniqueArray(fc.integer({ min: 0, max: 5 }), { minLength: 1 });
    fc.assert(
      fc.property(places, notFinite, (at, value) => {
        const weight = new Float32Array(6);
        for (const place of at) weight[place] = value;
        const error = refusal(ann(weight));
        expect(error).toMatchObject({ code: 'NOT_FINITE', errorClass: 'data' });
        expect(error.message).toContain(
          `"out" (ann) holds others: parameters.fc1.weight: ${at.length} of 6, the first at ${Math.min(...at)} (${value}).`,
        );
      }),
    );
  });

  test('finds them wherever an artefact holds numbers', () => {
    fc.assert(
      fc.property(notFinite, (value) => {
        const whole = ann(new Float32Array(6));
        const bad = (artefact: Artefact) => refusal(artefact).message;
        expect(bad({ ...whole, inputRange: [0, value] })).toContain('inputRange');
        expect(
          bad({
            ...whole,
            statistics: { fc1: { mean: Float32Array.of(0, value), variance: new Float32Array(2) } },
          }),
        ).toContain('statistics.fc1.mean: 1 of 2, the first at 1');
        expect(bad({ type: 'scalars', values: { good: 1, none: null, wrong: value } })).toContain(
          `values.wrong is ${value}`,
        );
        const axis = { title: '', xLabel: '', yLabel: '' };
        expect(
          bad({ type: 'series', ...axis, x: [1, 2], lines: [{ name: 'a', y: [null, value] }] }),
        ).toContain('lines.0.y: 1 of 2');
        const images = { shape: [1, 1, 1, 2], range: [0, 1], classNames: ['a'] } as const;
        expect(
          bad({
            type: 'images',
            ...images,
            pixels: Float32Array.of(0, value),
            labels: Int32Array.of(0),
            origin: 'synthetic',
          }),
        ).toContain('pixels: 1 of 2');
      }),
    );
  });

  test('names a few of many places, and counts the rest', () => {
    const values = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`v${i}`, NaN]));
    expect(refusal({ type: 'scalars', values }).message).toMatch(/v3 is NaN; and 5 more\.$/);
  });

  test('leaves finite ones alone, the largest and the smallest too', () => {
    const numbers = fc.float32Array({
      noNaN: true,
      noDefaultInfinity: true,
      minLength: 6,
      maxLength: 6,
    });
    fc.assert(fc.property(numbers, (weight) => assertFinite('out', ann(weight))));
  });
});
