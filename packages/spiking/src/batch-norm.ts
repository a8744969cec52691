import type { ChannelStatistics, Parameter } from '@privatesnn/core';

/** What batch normalisation does after training, by output channel; each [channels]. */
export interface BatchNorm {
  readonly mean: Float32Array;
  /** ≥ 0. */
  readonly variance: Float32Array;
  /** γ, the learnt scale; 1 where left out. */
  readonly scale?: Float32Array | undefined;
  /** β, the learnt shift; 0 where left out. */
  readonly shift?: Float32Array | undefined;
  /** Added to the variance. */
  readonly epsilon: number;
}

export interface FoldedLayer {
  readonly weight: Parameter;
  readonly bias: Parameter;
  /** What the folded layer gives over the data of the normalisation: mean β, variance γ²·σ²/(σ² + ε). */
  readonly statistics: ChannelStatistics;
}

/**
 * Folds a batch-norm that follows a convolution or dense layer into its weights and bias:
 * W' = W·γ/√(σ² + ε), b' = (b − μ)·γ/√(σ² + ε) + β, for each output channel.
 *
 * @param weight its last axis is the output channels
 * @param bias undefined: 0
 * @throws Error where the statistics are of another number of channels
 */
export function foldBatchNorm(
  weight: Parameter,
  bias: Parameter | undefined,
  { mean, variance, scale, shift, epsilon }: BatchNorm,
): FoldedLayer {
  const channels = weight.shape.at(-1)!;
  const vectors = [mean, variance, scale ?? mean, shift ?? mean, bias?.data ?? mean];
  if (vectors.some(({ length }) => length !== channels)) {
    throw new Error(`Expected batch-norm statistics of ${channels} channels.`);
  }
  const factor = Float64Array.from(
    variance,
    (value, c) => (scale?.[c] ?? 1) / Math.sqrt(value + epsilon),
  );
  return {
    weight: {
      shape: weight.shape,
      data: weight.data.map((value, i) => value * factor[i % channels]!),
    },
    bias: {
      shape: [channels],
      data: mean.map((value, c) => ((bias?.data[c] ?? 0) - value) * factor[c]! + (shift?.[c] ?? 0)),
    },
    statistics: {
      mean: shift?.slice() ?? new Float32Array(channels),
      variance: variance.map((value, c) => value * factor[c]! ** 2),
    },
  };
}
