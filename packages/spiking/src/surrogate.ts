import type { Surrogate } from './engine.js';

/** Eq. 5 as printed: the triangle max(0, 1 − |u − θ|/θ). */
export const paperSurrogate: Surrogate = { kind: 'triangle', gamma: 1, divideByTheta: false };

/**
 * The surrogate gradient ∂o/∂u of a spike.
 *
 * @param potential u, the membrane potential before the reset
 * @param threshold θ > 0
 */
export function surrogateGradient(
  surrogate: Surrogate,
  potential: number,
  threshold: number,
): number {
  const distance = Math.abs(potential - threshold) / threshold;
  const height = surrogate.divideByTheta ? surrogate.gamma / threshold : surrogate.gamma;
  switch (surrogate.kind) {
    case 'triangle':
      return height * Math.max(0, 1 - distance);
    case 'rectangle':
      return distance < 0.5 ? height : 0;
    case 'exponential':
      return height * Math.exp(-distance);
  }
}
