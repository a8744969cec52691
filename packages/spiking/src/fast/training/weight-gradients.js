/**
 * Weight gradients of a layer whose gradient at the current is the same at all time-steps of an image.
 */
import { convArguments } from '../network/conv-arguments.js';
import { imageAt } from '../network/constant-current.js';
import { encodeConstant } from '../network/encoding.js';
import { layerInput } from '../network/layer-input.js';

/**
 * Adds them to the layer's sums.
 *
 * @param {import('./training.js').Training} training
 * @param {number} index
 * @param {number} gradients at the current, [images, outHeight, outWidth, padded channels]; of a constant input their
 *   sums over time
 */
export function addWeightGradients(training, index, gradients) {
  const { heap, network } = training;
  const { images, inputs } = training.passing();
  const { weights } = training.sums.layer(index);
  if (network.isConstant(index)) {
    const { output } = network.layer(index);
    const size = output.height * output.width * network.padded(output.channels) * 4;
    for (let i = 0; i < images.count; i++) {
      const top = heap.top;
      const { lists } = encodeConstant(network, imageAt(images, i));
      const conv = convArguments(network, index, lists);
      heap.run('weightGradients', { conv, gradients: gradients + i * size, weights, isValued: 1 });
      heap.release(top);
    }
  } else {
    const { conv } = layerInput(network, index, () => inputs[index], images);
    heap.run('weightGradients', { conv, gradients, weights, isValued: 0 });
  }
}
