import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  countMatches,
  countTies,
  noClass,
  predictedClasses,
  warnOfTies,
} from './predicted-class.js';

describe('predictedClasses', () => {
  test('the largest logit; no class where several share it', () => {
    const logits = Float32Array.of(0, 2, 1, 3, 3, 3, 5, 1, 5, -1, -2, -2);
    expect([...predictedClasses(logits, 3)]).toEqual([1, noClass, noClass, 0]);
  });

  test('a network that overflowed has no class', () => {
    expect(() => predictedClasses(Float32Array.of(0, 1, NaN, 0), 2)).toThrow(
      'Expected finite logits, but the network gives NaN for image 1.',
    );
    expect(() => predictedClasses(Float32Array.of(0, -Infinity), 2)).toThrow('gives -Infinity');
  });

  test('the order of the classes does not matter', () => {
    const row = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(row, fc.nat({ max: 7 }), (logits, by) => {
        const turn = by % logits.length;
        const turned = [...logits.slice(turn), ...logits.slice(0, turn)];
        const [chosen] = predictedClasses(logits, logits.length);
        const [moved] = predictedClasses(turned, logits.length);
        const most = Math.max(...logits);
        if (logits.filter((z) => z === most).length > 1) {
          expect([chosen, moved]).toEqual([noClass, noClass]);
        } else {
          expect(logits[chosen!]).toBe(most);
          expect(turned[moved!]).toBe(most);
        }
      }),
    );
  });
});

test('no class matches nothing, not even no class', () => {
  const predicted = Int32Array.of(0, noClass, 2, noClass);
  expect(countMatches(predicted, [0, noClass, 1, 0])).toBe(1);
  expect(countTies(predicted)).toBe(2);
});

test('ties are told, and nothing where there are none', () => {
  const warnings: string[] = [];
  const context = { warn: (text: string) => void warnings.push(text) };
  warnOfTies(context, 'the ANN', 0, 10);
  warnOfTies(context, 'the ANN', 3, 10);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain('For 3 of 10 images the ANN gives');
});
