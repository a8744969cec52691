/**
 * Calibrated offset spikes (Hao 2023): of currents that come unevenly, a neuron may make more or fewer spikes than of as
 * much current evenly spread. So it takes the first τ time-steps, which are its probe, twice: at first it sends nothing,
 * and what its spikes are off from clip(⌊(v·θ + ΣI)/θ⌋, 0, τ), the quantised activation, moves its initial potential
 * by as many thresholds. From there it runs through all time-steps, as any neuron.
 *
 * Plain JavaScript, as worker threads run it unbuilt.
 */

/** τ; 0 for neurons without a probe. @param {import('@privatesnn/core').NeuronModel} neuron */
export function probeStepsOf(neuron) {
  return neuron.kind === 'integrate-and-fire' ? (neuron.probeSteps ?? 0) : 0;
}

/**
 * Where a neuron starts after its probe.
 *
 * @param {number} start where it started the probe
 * @param {{ left: number, spikes: number }} probed the potential that was left after the probe, and the spikes in it
 * @param {object} neuron
 * @param {number} neuron.probeSteps τ
 * @param {number} neuron.threshold θ, in the unit of potentials
 * @param {(potential: number) => boolean} neuron.fires
 * @param {(sum: number) => number} rounded a potential as the engine keeps it
 */
export function movedStart(start, probed, { probeSteps, threshold, fires }, rounded) {
  let { left, spikes } = probed;
  for (let i = 0; i < probeSteps; i++) {
    const missing = left < 0 && spikes > 0 ? -1 : fires(left) && spikes < probeSteps ? 1 : 0;
    if (missing === 0) break;
    start = rounded(start + missing * threshold);
    left = rounded(left - missing * threshold);
    spikes += missing;
  }
  return start;
}
