/**
 * Signed spikes (Wang 2022): a neuron without leak that has spiked too early takes the spike back, by one of −1. After
 * u ← u + I it sends +1 where u passes θ, else −1 where u < `low` and S ≥ 1, with S the sum of what it has sent; then
 * u ← u − θ·spike. So u + θ·S = v·θ + ΣI at every time-step, and S never falls below 0, as no ReLU does.
 *
 * Plain JavaScript, as worker threads run it unbuilt.
 */

/**
 * The potential, in any unit, below which a neuron takes a spike back. With v = 1/2 and input of at most θ a time-step, 0
 * makes S the rounded ΣI/θ, and 0 where that is negative.
 */
export const low = 0;

/** Whether neurons are signed. @param {import('@privatesnn/core').NeuronModel} neuron */
export function isSigned(neuron) {
  return neuron.kind === 'integrate-and-fire' && neuron.signed === true;
}

/**
 * Whether a neuron that does not fire takes a spike back.
 *
 * @param {number} potential u with this time-step's input
 * @param {number} sent S before this time-step
 */
export function takesBack(potential, sent) {
  return potential < low && sent >= 1;
}
