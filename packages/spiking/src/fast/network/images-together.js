/**
 * How many images go through a network together: their time-steps are one sequence (kernels/conv.h), so that weights
 * that are read for one image serve all. With few time-steps that is most of the gain of reading them tap by tap.
 */

/** Time-steps whose bursts are sorted together (PERIOD in kernels/bursts.h): beyond them nothing is gained. */
const period = 128;

/** The most states that a layer's neurons go through: their spikes, as lists, take some megabytes. */
const mostStates = 2 ** 24;

/**
 * @param {Pick<import('./network-spec.js').NetworkSpec, 'plan' | 'timeSteps'>} spec
 * @returns {number} at least 1
 */
export function imagesTogether({ plan, timeSteps }) {
  const layers = [plan.input, ...plan.layers.map(({ output }) => output)];
  const neurons = Math.max(
    ...layers.map(({ height, width, channels }) => height * width * channels),
  );
  const fitting = Math.min(period, mostStates / neurons) / timeSteps;
  return Math.max(1, Math.floor(fitting));
}
