/**
 * Back through the last layer: the gradient at its current is the same at every time-step.
 */
import { element } from '../element.js';
import { valuedLists } from '../network/valued-lists.js';
import { padChannels } from './padded-channels.js';
import { transposedConvolution } from './transposed.js';
import { addWeightGradients } from './weight-gradients.js';

/**
 * Adds the layer's gradients to the sums.
 *
 * @param {import('./training.js').Training} training
 * @param {Float32Array} atPotentials the gradient there, [outHeight, outWidth, channels]
 * @returns {import('./training.js').Arriving} what the layer sends to the layer before
 */
export function backwardReadout(training, atPotentials) {
  const { heap, network, spec } = training;
  const index = training.last;
  const { output } = network.layer(index);
  const sums = training.sums.layer(index);
  const steps = spec.network.timeSteps;
  const padded = network.padded(output.channels);
  const pixels = output.height * output.width;
  let constant = 0;
  if (index > 0 || spec.wanted.input) {
    const scaled = index === 0 ? atPotentials.map((g) => g * steps) : atPotentials;
    constant = transposedConvolution(training, index, valuedLists(network, scaled, output));
  }
  if (!sums.weights) return { constant };
  const top = heap.top;
  const gradients = heap.alloc('the gradient at the read-out', pixels * padded * 4);
  heap.clear(gradients, pixels * padded * 4);
  const values = heap.f32(gradients, pixels * padded);
  padChannels(atPotentials, values, { pixels, channels: output.channels, padded });
  if (sums.bias) {
    const bias = heap.f32(sums.bias, padded);
    values.forEach((g, i) => (bias[i % padded] = element(bias, i % padded) + g * steps));
  }
  addWeightGradients(training, index, gradients, steps);
  heap.release(top);
  return { constant };
}
