import { UserError, type Parameter } from '@privatesnn/core';
import { foldBatchNorm, type BatchNorm, type FoldedLayer } from '@privatesnn/spiking';

/**
 * Folds a batch normalisation of a file into the weights before it.
 *
 * @param name the normalisation's, in the file
 * @throws UserError BATCH_NORM_RANGE where a variance is negative, or the result is beyond 32-bit floats
 */
export function foldNamed(
  weight: Parameter,
  bias: Parameter | undefined,
  norm: BatchNorm,
  { name, file }: { readonly name: string; readonly file: string },
): FoldedLayer {
  const fault = (what: string) =>
    new UserError(
      'data',
      'BATCH_NORM_RANGE',
      `The batch normalisation "${name}" of ${file} ${what}.`,
      {
        hint: 'The statistics are damaged: take another checkpoint of the training.',
        place: { file },
      },
    );
  const negative = norm.variance.findIndex((value) => value < 0);
  if (negative >= 0) {
    throw fault(
      `has the variance ${norm.variance[negative]} at channel ${negative}; it must be 0 or more`,
    );
  }
  const folded = foldBatchNorm(weight, bias, norm);
  const results = [folded.weight.data, folded.bias.data, folded.statistics.variance];
  if (results.every((data) => data.every(Number.isFinite))) return folded;
  const smallest = norm.variance.reduce((least, value) => Math.min(least, value), Infinity);
  throw fault(
    `makes the weights before it NaN or infinite: its variances go down to ${smallest}, with ε = ${norm.epsilon}`,
  );
}
