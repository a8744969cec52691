import { UserError } from '@privatesnn/core';

/**
 * The class with the largest logit, the first one at a tie.
 *
 * @param logits [rows, classes], row-major
 * @returns the class of each row
 * @throws UserError NON_FINITE_LOGITS where the network overflowed: no class would be meaningful
 */
export function predictedClasses(logits: Float32Array, classes: number): Int32Array {
  const predicted = new Int32Array(logits.length / classes);
  for (let row = 0; row < predicted.length; row++) {
    let best = 0;
    for (let c = 0; c < classes; c++) {
      const value = logits[row * classes + c]!;
      if (!Number.isFinite(value)) throw nonFinite(row, value);
      if (value > logits[row * classes + best]!) best = c;
    }
    predicted[row] = best;
  }
  return predicted;
}

/**
 * Softmax of one row of logits.
 *
 * @returns probabilities that sum to 1
 */
export function softmax(logits: Float32Array): Float64Array {
  const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const exponentials = Float64Array.from(logits, (value) => Math.exp(value - largest));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((value) => value / sum);
}

/** How many predictions are right. */
export function countMatches(predicted: Int32Array, expected: Int32Array): number {
  return predicted.reduce((sum, value, i) => sum + (value === expected[i] ? 1 : 0), 0);
}

function nonFinite(row: number, value: number): UserError {
  return new UserError(
    'run',
    'NON_FINITE_LOGITS',
    `Expected finite logits, but the network gives ${value} for image ${row}.`,
    { hint: 'Look at the weights and thresholds: training has probably diverged.' },
  );
}
