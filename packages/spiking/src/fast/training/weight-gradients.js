/**
 * Weight gradients of a layer whose gradient at the current is the same at all time-steps.
 */
import { convArguments } from '../network/conv-arguments.js';
import { encodeConstant } from '../network/encoding.js';
import { layerInput } from '../network/layer-input.js';

/**
 * Adds them to the layer's sums.
 *
 * @param {import('./training.js').Training} training
 * @param {number} index
 * @param {number} gradients at the current, [outHeight, outWidth, padded channels]
 * @param {number} steps what a constant input is multiplied with
 */
export function addWeightGradients(training, index, gradients, steps) {
  const { heap, network } = training;
  const { image, inputs } = training.passing();
  const { weights } = training.sums.layer(index);
  if (network.isConstant(index)) {
    const pixels = steps === 1 ? image.pixels : image.pixels.map((x) => x * steps);
    const { lists } = encodeConstant(network, { ...image, pixels });
    const conv = convArguments(network, index, lists);
    heap.run('weightGradients', { conv, gradients, weights, isValued: 1 });
  } else {
    const { conv } = layerInput(network, index, () => inputs[index], image);
    heap.run('weightGradients', { conv, gradients, weights, isValued: 0 });
  }
}
