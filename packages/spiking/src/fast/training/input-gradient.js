/**
 * The gradient at the images.
 */
import { element } from '../element.js';
import { inputDropoutMask } from '../network/dropout.js';
import { cropChannels } from './padded-channels.js';
import { inputGradientShape, transposedConvolution } from './transposed.js';

/** @typedef {import('./training.js').Training} Training */

/**
 * The gradient at the first layer's current, summed over time, taken back through its weights.
 *
 * @param {Training} training
 * @param {import('./training.js').Arriving} arriving Σ dU of the first layer, or what it sends if it is the only one
 * @returns {Float32Array} [images, height, width, channels]
 */
export function inputGradient(training, arriving) {
  const { heap, network } = training;
  const { source, before } = network.layer(0);
  const sum = arriving.constant ?? 0;
  const sent = training.last > 0 ? sentByFirstLayer(training, sum) : sum;
  const { height, width, channels } = inputGradientShape(training, 0);
  const pool = before.averagePool;
  const padded = network.padded(channels);
  const { images } = training.passing();
  const keep = inputDropoutMask(network, images);
  const from = heap.f32(sent, images.count * height * width * padded);
  const kept = keep ? heap.u8(keep, source.height * source.width * channels) : undefined;
  const units = source.height * source.width * channels;
  const result = new Float32Array(images.count * units);
  for (let image = 0; image < images.count; image++) {
    for (let y = 0; y < height * pool; y++) {
      for (let x = 0; x < width * pool; x++) {
        const row = image * height + Math.floor(y / pool);
        const pixel = row * width + Math.floor(x / pool);
        for (let c = 0; c < channels; c++) {
          const unit = (y * source.width + x) * channels + c;
          if (kept?.[unit] !== 0) {
            result[image * units + unit] = element(from, pixel * padded + c);
          }
        }
      }
    }
  }
  return result;
}

/** @param {Training} training @param {number} sum [images, outHeight, outWidth, padded channels] */
function sentByFirstLayer(training, sum) {
  const { heap, network } = training;
  const { output } = network.layer(0);
  const pixels = training.passing().images.count * output.height * output.width;
  const padded = network.padded(output.channels);
  const sums = heap.f32(sum, pixels * padded);
  const values = cropChannels(sums, { pixels, channels: output.channels, padded });
  return transposedConvolution(training, 0, values);
}
