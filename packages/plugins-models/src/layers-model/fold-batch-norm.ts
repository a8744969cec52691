import type { ChannelStatistics, Parameter } from '@privatesnn/core';

/** What batch normalisation does after training, by output channel. */
export interface BatchNorm {
  /** γ; 1 where the layer has none. */
  readonly gamma: Float32Array | undefined;
  /** β; 0 where the layer has none. */
  readonly beta: Float32Array | undefined;
  readonly mean: Float32Array;
  readonly variance: Float32Array;
  readonly epsilon: number;
}

export interface FoldedLayer {
  readonly weight: Parameter;
  readonly bias: Parameter;
  readonly statistics: ChannelStatistics;
}

/**
 * Folds y = γ·(Wx + b − mean)/√(variance + ε) + β into weight and bias:
 * W' = W·γ/√(variance + ε), b' = (b − mean)·γ/√(variance + ε) + β.
 *
 * The folded layer's output has, over the training data, the mean β and the variance γ²·variance/(variance + ε).
 *
 * @param weight its last dimension holds the output channels
 */
export function foldBatchNorm(
  weight: Parameter,
  bias: Parameter | undefined,
  { gamma, beta, mean, variance, epsilon }: BatchNorm,
): FoldedLayer {
  const channels = mean.length;
  const factor = Float64Array.from(
    variance,
    (value, c) => (gamma?.[c] ?? 1) / Math.sqrt(value + epsilon),
  );
  const shift = Float32Array.from(
    mean,
    (value, c) => ((bias?.data[c] ?? 0) - value) * factor[c]! + (beta?.[c] ?? 0),
  );
  return {
    weight: { shape: weight.shape, data: weight.data.map((w, i) => w * factor[i % channels]!) },
    bias: { shape: [channels], data: shift },
    statistics: {
      mean: Float32Array.from({ length: channels }, (_, c) => beta?.[c] ?? 0),
      variance: variance.map((value, c) => value * factor[c]! ** 2),
    },
  };
}
