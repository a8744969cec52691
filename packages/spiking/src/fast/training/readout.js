/**
 * Back through the last layer: the gradient at its current is the same at every time-step of an image.
 */
import { element } from '../element.js';
import { paddedChannels } from './padded-channels.js';
import { inputGradientShape, transposedConvolution } from './transposed.js';
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
  const shape = { pixels, channels: output.channels, padded };
  let constant = 0;
  if (index > 0 || spec.wanted.input) {
    // The first layer's counts for each time-step.
    const sent = index === 0 ? atPotentials.map((g) => g * timeSteps) : atPotentials;
    const { channels } = inputGradientShape(training, index);
    const outStep = index === 0 ? channels : network.padded(channels);
    constant = transposedConvolution(training, index, paddedChannels(heap, sent, shape), outStep);
  }
  if (!sums.weights) return { constant };
  // What is the same at all time-steps of a constant input counts for each.
  const scaled = network.isConstant(index) ? atPotentials.map((g) => g * timeSteps) : atPotentials;
  const gradients = paddedChannels(heap, scaled, shape);
  if (sums.bias) {
    const values = heap.f32(gradients, pixels * padded);
    const bias = heap.f32(sums.bias, padded);
    const perStep = network.isConstant(index) ? 1 : timeSteps;
    values.forEach((g, i) => (bias[i % padded] = element(bias, i % padded) + g * perStep));
  }
  addWeightGradients(training, index, gradients);
  return { constant };
}
