/**
 * An input of a layer that is of numbers: currents of linear layers, spikes beside them. What its synapses bring is computed
 * for all time-steps before the layer's neurons are.
 */
import { convArguments } from './conv-arguments.js';
import { allocateCurrents } from './currents.js';
import { allocatePositions } from './lists.js';
import { takenNumbers } from './taken-numbers.js';
import { groupSizes } from '../placed-weights.js';

/**
 * @typedef {import('./network.js').Network} Network
 */

/**
 * Takes heap above the top.
 *
 * @param {Network} network
 * @param {number} index
 * @param {import('./layer-input.js').OutputOf} outputOf
 * @param {import('./network-spec.js').InputImages} images
 * @param {number} which of the layer's inputs
 * @returns {import('./layer-input.js').LayerInput}
 */
export function numbersInput(network, index, outputOf, images, which) {
  const { heap, spec } = network;
  const steps = images.count * spec.timeSteps;
  const result = allocateCurrents(network, index, steps);
  const conv = silentConv(network, index, steps, which);
  const top = heap.top;
  const { numbers, stride, ...counts } = takenNumbers(network, index, outputOf, images, which);
  const { groups, input } = network.input(index, which);
  const { output } = network.layer(index);
  const channels = network.weightRows(index, which);
  const read = { ptr: 0, list: 0, steps, height: input.height, width: input.width, channels };
  heap.run('numbersCurrent', {
    conv: convArguments(network, index, read, { which }),
    ...{ numbers, stride, inputs: input.channels, result },
    ...groupSizes({ groups, inputs: input.channels, outputs: output.channels }),
  });
  heap.release(top);
  return { conv, currents: result, ...counts };
}

/**
 * The `struct conv` of an input without events, which has the layer's constant current.
 *
 * @param {Network} network
 * @param {number} index
 * @param {number} steps
 * @param {number} which
 */
function silentConv(network, index, steps, which) {
  const { name, output } = network.layer(index);
  const { height, width } = output;
  const ptr = allocatePositions(network, `the input of layer "${name}"`, output, steps);
  network.heap.clear(ptr, 4 * height * steps * (width + 1));
  const lists = { ptr, list: 0, steps, height, width, channels: 0 };
  return {
    ...convArguments(network, index, lists, { which }),
    ...{ height, width, kernelHeight: 1, kernelWidth: 1, strideY: 1, strideX: 1, top: 0, left: 0 },
    grouped: 0,
  };
}
