import type {
  PotentialSurrogate,
  SpikeTimeSurrogate,
  SpikeTrainSurrogate,
  Surrogate,
} from './engine.js';

/** Eq. 5 as printed: the triangle max(0, 1 − |u − θ|/θ). */
export const paperSurrogate: PotentialSurrogate = {
  kind: 'triangle',
  gamma: 1,
  divideByTheta: false,
};

/** How long before the first time-step a neuron that never fired counts as having fired. */
export const neverFiredSteps = 1000;

/** The operations in which surrogates are written, on numbers or on tensors. */
export interface SurrogateOperations<V> {
  /** 1 − x. */
  oneMinus(x: V): V;
  /** max(0, x). */
  positivePart(x: V): V;
  /** 1 where x is below the bound, 0 elsewhere. */
  below(x: V, bound: number): V;
  /** exp(−x). */
  negativeExp(x: V): V;
}

const numbers: SurrogateOperations<number> = {
  oneMinus: (x) => 1 - x,
  positivePart: (x) => Math.max(0, x),
  below: (x, bound) => (x < bound ? 1 : 0),
  negativeExp: (x) => Math.exp(-x),
};

/**
 * A surrogate of the potential before its factor.
 *
 * @param distance |u − θ|/(w·θ)
 */
export function surrogateShape<V>(
  kind: PotentialSurrogate['kind'],
  distance: V,
  { oneMinus, positivePart, below, negativeExp }: SurrogateOperations<V>,
): V {
  switch (kind) {
    case 'triangle':
      return positivePart(oneMinus(distance));
    case 'rectangle':
      return below(distance, 0.5);
    case 'exponential':
      return negativeExp(distance);
  }
}

/**
 * The surrogate gradient ∂o/∂u of a spike, by its membrane potential.
 *
 * @param potential u, the membrane potential before the reset
 * @param threshold θ > 0
 */
export function surrogateGradient(
  surrogate: PotentialSurrogate,
  potential: number,
  threshold: number,
): number {
  const distance = Math.abs(potential - threshold) / surrogateReach(surrogate, threshold);
  return surrogateHeight(surrogate, threshold) * surrogateShape(surrogate.kind, distance, numbers);
}

/**
 * The surrogate gradients ∂o/∂u of one neuron, by the time since its last spike: γ·exp(−β·Δt) (Rathi 2020).
 *
 * @param spikes of the neuron, 0 or 1 at each time-step
 */
export function spikeTimeGradients(
  surrogate: SpikeTimeSurrogate,
  spikes: readonly number[],
  threshold: number,
): number[] {
  const height = surrogateHeight(surrogate, threshold);
  let last = -neverFiredSteps;
  return spikes.map((spike, t) => {
    const gradient = height * Math.exp(-surrogate.beta * (t - last));
    if (spike !== 0) last = t;
    return gradient;
  });
}

/**
 * The surrogate gradients ∂o/∂u of one neuron, by its spikes of all time-steps: γ·(1 + ln λ·a/n) where it spikes
 * (Lee 2020), with a = Σ λ^(T−t) over its n spikes.
 *
 * @param spikes of the neuron, 0 or 1 at each time-step
 * @param leak λ in (0, 1]
 */
export function spikeTrainGradients(
  surrogate: SpikeTrainSurrogate,
  spikes: readonly number[],
  threshold: number,
  leak: number,
): number[] {
  const count = spikes.reduce((sum, spike) => sum + spike, 0);
  const trace = spikes.reduce((sum, spike) => leak * sum + spike, 0);
  const height = surrogateHeight(surrogate, threshold);
  return spikes.map((spike) => (spike === 0 ? 0 : height * (1 + (Math.log(leak) * trace) / count)));
}

/** λ on the way back through the membrane's recursion. */
export function backwardLeak({ kind }: Surrogate, leak: number): number {
  return kind === 'spike-train' ? 1 : leak;
}

/** w·θ, the distance of the potential from θ that counts as 1. */
export function surrogateReach({ width = 1 }: PotentialSurrogate, threshold: number): number {
  return width * threshold;
}

/** The factor on a surrogate: γ, or γ/θ. */
export function surrogateHeight({ gamma, divideByTheta }: Surrogate, threshold: number): number {
  return divideByTheta ? gamma / threshold : gamma;
}
