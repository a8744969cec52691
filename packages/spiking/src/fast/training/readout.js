/**
 * Back through the last layer: the gradient at its current is the same at every time-step of an image.
 */
import { element } from '../element.js';
import { padChannels } from './padded-channels.js';
import { transposedConvolution } from './transposed.js';
import { addWeightGradients } from './weight-gradients.js';

/**
 * Adds the layer's gradients to the sums.
 *
 * @param {import('./training.js').Training} training
 * @param {Float32Array} atPotentials the gradient there, [images, outHeight, outWidth, channels]
 * @returns {import('./training.js').Arriving} what the layer sends to the layer before
 */
export function backwardReadout(training, atPotentials) {
  const { heap, network, spec } = training;
  const index = training.last;
  const { output } = network.layer(index);
  const sums = training.sums.layer(index);
  const { timeSteps } = spec.network;
  const { count } = training.passing().images;
  const padded = network.padded(output.channels);
  const pixels = count * output.height * output.width;
  // What is the same at all time-steps of a constant input counts for each.
  const scaled = network.isConstant(index) ? atPotentials.map((g) => g * timeSteps) : atPotentials;
  let constant = 0;
  if (index > 0 || spec.wanted.input) {
    const sent = index === 0 ? atPotentials.map((g) => g * timeSteps) : atPotentials;
    constant = transposedConvolution(training, index, sent);
  }
  if (!sums.weights) return { constant };
  const top = heap.top;
  const gradients = heap.alloc('the gradient at the read-out', pixels * padded * 4);
  heap.clear(gradients, pixels * padded * 4);
  const values = heap.f32(gradients, pixels * padded);
  padChannels(scaled, values, { pixels, channels: output.channels, padded });
  if (sums.bias) {
    const bias = heap.f32(sums.bias, padded);
    const perStep = network.isConstant(index) ? 1 : timeSteps;
    values.forEach((g, i) => (bias[i % padded] = element(bias, i % padded) + g * perStep));
  }
  addWeightGradients(training, index, gradients);
  heap.release(top);
  return { constant };
}
