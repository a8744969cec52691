/**
 * A linear layer's way forward, through all time-steps.
 */
import { allocateCurrents } from './currents.js';
import { layerInputs } from './layer-input.js';

/**
 * What a linear layer gives. Takes heap above the top.
 *
 * @param {import('./network.js').Network} network
 * @param {number} index
 * @param {import('./layer-input.js').OutputOf} outputOf
 * @param {import('./network-spec.js').InputImages} images
 * @returns {import('./currents.js').Currents & import('./layer-input.js').InputCounts}
 */
export function forwardCurrents(network, index, outputOf, images) {
  const { heap, spec } = network;
  const at = allocateCurrents(network, index, images.count * spec.timeSteps);
  const top = heap.top;
  const { counts, ...inputs } = layerInputs(network, index, outputOf, images);
  heap.run('currents', { ...inputs, result: at });
  heap.release(top);
  return { at, ...counts };
}
