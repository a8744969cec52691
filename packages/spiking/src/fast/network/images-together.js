/**
 * How many images go through a network together: their time-steps are one sequence (kernels/conv.h), so that weights
 * that are read for one image serve all. With few time-steps that is most of the gain of reading them tap by tap.
 */

/** Time-steps whose bursts are sorted together (PERIOD in kernels/bursts.h): beyond them nothing is gained. */
const period = 128;

/** On the way back a pixel's potentials and gradients at all time-steps are to fit into the level-1 cache. */
const trainedSteps = 64;

/** Bytes that a neuron takes on the way back at one time-step, at most: sources dense and as lists, potential, spike. */
const trainedBytes = 16;

/** The most states that a layer's neurons go through: their spikes, as lists, take some megabytes. */
const mostStates = 2 ** 24;

/**
 * @param {Pick<import('./network-spec.js').NetworkSpec, 'plan' | 'timeSteps'>} spec
 * @returns {number} at least 1
 */
export function imagesTogether({ plan, timeSteps }) {
  const fitting = Math.min(period, mostStates / mostNeurons(plan)) / timeSteps;
  return Math.max(1, Math.floor(fitting));
}

/**
 * The same where they are trained. Dropout differs from image to image: then each goes alone.
 *
 * @param {Pick<import('./network-spec.js').NetworkSpec, 'plan' | 'timeSteps' | 'dropout'>} spec
 * @param {number} memoryBudget in bytes
 * @returns {number} at least 1
 */
export function trainedTogether({ plan, timeSteps, dropout }, memoryBudget) {
  const drops = plan.layers.some(({ before }) => before.dropouts.some(({ rate }) => rate > 0));
  if (dropout && drops) return 1;
  const states = memoryBudget / 8 / trainedBytes;
  const fitting = Math.min(trainedSteps, states / mostNeurons(plan)) / timeSteps;
  return Math.max(1, Math.floor(fitting));
}

/** Neurons of the largest layer, or pixels. @param {import('../plan.js').Plan} plan */
function mostNeurons(plan) {
  const layers = [plan.input, ...plan.layers.map(({ output }) => output)];
  return Math.max(...layers.map(({ height, width, channels }) => height * width * channels));
}
