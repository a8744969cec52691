/**
 * The gradient at the image.
 */
import { element } from '../element.js';
import { inputDropoutMask } from '../network/dropout.js';
import { valuedLists } from '../network/valued-lists.js';
import { cropChannels } from './padded-channels.js';
import { inputGradientShape, transposedConvolution } from './transposed.js';

/** @typedef {import('./training.js').Training} Training */

/**
 * The gradient at the first layer's current, summed over time, taken back through its weights.
 *
 * @param {Training} training
 * @param {import('./training.js').Arriving} arriving Σ dU of the first layer, or what it sends if it is the only one
 * @returns {Float32Array} [height, width, channels]
 */
export function inputGradient(training, arriving) {
  const { heap, network } = training;
  const { source, before } = network.layer(0);
  const sum = arriving.constant ?? 0;
  const sent = training.last > 0 ? sentByFirstLayer(training, sum) : sum;
  const { height, width, channels } = inputGradientShape(training, 0);
  const pool = before.averagePool;
  const padded = network.padded(channels);
  const keep = inputDropoutMask(network, training.passing().image);
  const from = heap.f32(sent, height * width * padded);
  const kept = keep ? heap.u8(keep, source.height * source.width * channels) : undefined;
  const result = new Float32Array(source.height * source.width * channels);
  for (let y = 0; y < height * pool; y++) {
    for (let x = 0; x < width * pool; x++) {
      const pixel = Math.floor(y / pool) * width + Math.floor(x / pool);
      for (let c = 0; c < channels; c++) {
        const unit = (y * source.width + x) * channels + c;
        if (kept?.[unit] !== 0) result[unit] = element(from, pixel * padded + c);
      }
    }
  }
  return result;
}

/** @param {Training} training @param {number} sum [outHeight, outWidth, padded channels] */
function sentByFirstLayer(training, sum) {
  const { heap, network } = training;
  const { output } = network.layer(0);
  const pixels = output.height * output.width;
  const padded = network.padded(output.channels);
  const sums = heap.f32(sum, pixels * padded);
  const values = cropChannels(sums, { pixels, channels: output.channels, padded });
  return transposedConvolution(training, 0, valuedLists(network, values, output));
}
