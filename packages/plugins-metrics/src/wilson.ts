/** The 97.5 % quantile of the standard normal: 95 % of the mass lies within ± this. */
export const z95 = 1.959963984540054;

/**
 * Wilson's score interval for a proportion; unlike p̂ ± 1.96·s it stays in [0, 1] and holds at p̂ = 0 and 1.
 *
 * @param successes integer in [0, trials]
 * @param trials integer ≥ 1
 * @param z quantile of the standard normal; the default gives a 95 % interval
 * @returns [low, high], with low ≤ successes / trials ≤ high
 * @see Wilson 1927, Probable inference, the law of succession, and statistical inference
 */
export function wilson(successes: number, trials: number, z = z95): [low: number, high: number] {
  const p = successes / trials;
  const z2 = (z * z) / trials;
  const centre = (p + z2 / 2) / (1 + z2);
  const half = (z / (1 + z2)) * Math.sqrt((p * (1 - p)) / trials + z2 / (4 * trials));
  // Rounding must not push the ends past p̂ at 0 and 1.
  return [Math.max(0, Math.min(p, centre - half)), Math.min(1, Math.max(p, centre + half))];
}
