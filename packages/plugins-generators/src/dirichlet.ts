import type { RandomStream } from '@privatesnn/core';

/**
 * The logarithm of a Gamma(shape, 1) variate (Marsaglia & Tsang 2000). Below shape 1 the variate is
 * Gamma(shape + 1)·U^(1/shape), which underflows for small shapes: hence the logarithm.
 *
 * @param shape > 0
 */
export function logGammaVariate(shape: number, random: RandomStream): number {
  if (shape < 1) {
    return logGammaVariate(shape + 1, random) + Math.log(1 - random.uniform()) / shape;
  }
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    const u = 1 - random.uniform();
    if (Math.log(u) < 0.5 * x * x + d * (1 - v + Math.log(v))) return Math.log(d * v);
  }
}

/**
 * One sample of a Dirichlet distribution.
 *
 * @param alpha concentrations, each > 0
 * @returns as many probabilities, summing to 1
 */
export function sampleDirichlet(alpha: ArrayLike<number>, random: RandomStream): Float64Array {
  const logs = Float64Array.from(alpha, (shape) => logGammaVariate(shape, random));
  const largest = logs.reduce((a, b) => Math.max(a, b), -Infinity);
  const weights = logs.map((value) => Math.exp(value - largest));
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((value) => value / total);
}
