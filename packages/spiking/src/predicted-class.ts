import { UserError, type StageContext } from '@privatesnn/core';

/** What a row of logits predicts whose largest value several classes share; it matches no class. */
export const noClass = -1;

/**
 * The class of the largest logit of each row; `noClass` where several classes share it, as they do where no spike
 * reached the output.
 *
 * @param logits [rows, classes], row-major
 * @returns [rows]
 * @throws UserError NON_FINITE_LOGITS where the network overflowed: no class would be meaningful
 */
export function predictedClasses(logits: ArrayLike<number>, classes: number): Int32Array {
  const predicted = new Int32Array(logits.length / classes);
  for (let row = 0; row < predicted.length; row++) {
    let best = -Infinity;
    let chosen = noClass;
    for (let c = 0; c < classes; c++) {
      const value = logits[row * classes + c]!;
      if (!Number.isFinite(value)) throw nonFinite(row, value);
      if (value > best) [best, chosen] = [value, c];
      else if (value === best) chosen = noClass;
    }
    predicted[row] = chosen;
  }
  return predicted;
}

/** How many predictions are the expected class; two that predict no class do not match. */
export function countMatches(predicted: Int32Array, expected: ArrayLike<number>): number {
  return predicted.reduce(
    (sum, value, i) => sum + (value !== noClass && value === expected[i] ? 1 : 0),
    0,
  );
}

/** How many rows predict no class. */
export function countTies(predicted: Int32Array): number {
  return predicted.reduce((sum, value) => sum + (value === noClass ? 1 : 0), 0);
}

/**
 * Tells the user of ties, where there are any.
 *
 * @param whose "the spiking network"
 * @param images how many images were looked at
 */
export function warnOfTies(
  context: Pick<StageContext, 'warn'>,
  whose: string,
  ties: number,
  images: number,
): void {
  if (ties === 0) return;
  context.warn(
    `For ${ties} of ${images} images ${whose} gives its largest output to several classes at once; they count as ` +
      'wrong. A spiking network does so where no spike reaches its output: raise timeSteps, or lower the thresholds.',
  );
}

function nonFinite(row: number, value: number): UserError {
  return new UserError(
    'run',
    'NON_FINITE_LOGITS',
    `Expected finite logits, but the network gives ${value} for image ${row}.`,
    { hint: 'Look at the weights and thresholds: training has probably diverged.' },
  );
}
