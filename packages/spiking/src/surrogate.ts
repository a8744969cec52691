import type { PotentialSurrogate, SpikeTimeSurrogate, Surrogate } from './engine.js';

/** Eq. 5 as printed: the triangle max(0, 1 − |u − θ|/θ). */
export const paperSurrogate: PotentialSurrogate = {
  kind: 'triangle',
  gamma: 1,
  divideByTheta: false,
};

/** How long before the first time-step a neuron that never fired counts as having fired. */
export const neverFiredSteps = 1000;

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
  const distance = Math.abs(potential - threshold) / threshold;
  const height = surrogateHeight(surrogate, threshold);
  switch (surrogate.kind) {
    case 'triangle':
      return height * Math.max(0, 1 - distance);
    case 'rectangle':
      return distance < 0.5 ? height : 0;
    case 'exponential':
      return height * Math.exp(-distance);
  }
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

/** The factor on a surrogate: γ, or γ/θ. */
export function surrogateHeight({ gamma, divideByTheta }: Surrogate, threshold: number): number {
  return divideByTheta ? gamma / threshold : gamma;
}
