/**
 * Signed spikes (Wang 2022): a neuron without leak that has spiked too early takes the spike back, by one of −1. After
 * u ← u + I it sends +1 where u passes θ, else −1 where u < −θ/8 and S ≥ 1, with S the sum of what it has sent; then
 * u ← u − θ·spike. So u + θ·S = v·θ + ΣI at every time-step, and S never falls below 0, as no ReLU does.
 *
 * Plain JavaScript, as worker threads run it unbuilt.
 */

/**
 * The potential below which neurons take a spike back: −θ/8. With v = 1/2, 0 would make S the rounded ΣI/θ; but where
 * potentials waver about 0, neurons would send and take back in turn. An eighth leaves out a sixth of a ResNet's spikes,
 * and its accuracy as it is.
 *
 * @param {number} threshold θ, in the unit of potentials; an integer in integer mode
 */
export function lowOf(threshold) {
  return threshold / -8;
}

/** Whether neurons are signed. @param {import('@privatesnn/core').NeuronModel} neuron */
export function isSigned(neuron) {
  return neuron.kind === 'integrate-and-fire' && neuron.signed === true;
}

/**
 * Whether a neuron that does not fire takes a spike back.
 *
 * @param {number} potential u with this time-step's input
 * @param {number} sent S before this time-step
 * @param {number} low by `lowOf`
 */
export function takesBack(potential, sent, low) {
  return potential < low && sent >= 1;
}
