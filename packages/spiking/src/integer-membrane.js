/** A membrane of integers stays within ± this. */
const limit = 2 ** 30;

/**
 * A membrane potential of integer mode, cut off at its limits. Plain JavaScript, as worker threads run it unbuilt.
 *
 * @param {number} potential
 */
export function clamped(potential) {
  return Math.max(-limit, Math.min(limit, potential));
}
