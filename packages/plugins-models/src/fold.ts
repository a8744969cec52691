import { UserError, type Parameter } from '@privatesnn/core';
import { allFinite, foldBatchNorm, type BatchNorm, type FoldedLayer } from '@privatesnn/spiking';

/** Where a batch normalisation stands, for messages. */
interface Source {
  readonly name: string;
  readonly file: string;
}

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
  source: Source,
): FoldedLayer {
  expectVariances(norm, source);
  const folded = foldBatchNorm(weight, bias, norm);
  const results = [folded.weight.data, folded.bias.data, folded.statistics.variance];
  if (results.every(allFinite)) return folded;
  throw fault(source, `makes the weights before it NaN or infinite${smallest(norm)}`);
}

/**
 * What a batch normalisation of a file multiplies its channels by: γ/√(σ² + ε).
 *
 * @throws UserError BATCH_NORM_RANGE where a variance is negative, or a factor is beyond 32-bit floats
 */
export function batchNormFactor(norm: BatchNorm, source: Source): Float64Array {
  expectVariances(norm, source);
  const factor = Float64Array.from(
    norm.variance,
    (value, c) => (norm.scale?.[c] ?? 1) / Math.sqrt(value + norm.epsilon),
  );
  if (factor.every((value) => Number.isFinite(Math.fround(value)))) return factor;
  throw fault(source, `multiplies by NaN or infinity${smallest(norm)}`);
}

function expectVariances({ variance }: BatchNorm, source: Source): void {
  const negative = variance.findIndex((value) => value < 0);
  if (negative < 0) return;
  throw fault(
    source,
    `has the variance ${variance[negative]} at channel ${negative}; it must be 0 or more`,
  );
}

function smallest({ variance, epsilon }: BatchNorm): string {
  const least = variance.reduce((one, value) => Math.min(one, value), Infinity);
  return `: its variances go down to ${least}, with ε = ${epsilon}`;
}

function fault({ name, file }: Source, what: string): UserError {
  return new UserError(
    'data',
    'BATCH_NORM_RANGE',
    `The batch normalisation "${name}" of ${file} ${what}.`,
    {
      hint: 'The statistics are damaged: take another checkpoint of the training.',
      place: { file },
    },
  );
}
