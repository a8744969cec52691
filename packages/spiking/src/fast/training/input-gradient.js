/**
 * The gradient at the images.
 */
import { element } from '../element.js';
import { inputDropoutMask } from '../network/dropout.js';
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
  const { height, width, channels } = inputGradientShape(training, 0);
  const sent = training.last > 0 ? transposedConvolution(training, 0, sum, channels) : sum;
  const pool = before.averagePool;
  const { images } = training.passing();
  const keep = inputDropoutMask(network, images);
  const from = heap.f32(sent, images.count * height * width * channels);
  const units = source.height * source.width * channels;
  if (pool === 1 && !keep) return from.slice();
  const kept = keep ? heap.u8(keep, units) : undefined;
  const result = new Float32Array(images.count * units);
  for (let image = 0; image < images.count; image++) {
    for (let y = 0; y < height * pool; y++) {
      for (let x = 0; x < width * pool; x++) {
        const row = image * height + Math.floor(y / pool);
        const pixel = row * width + Math.floor(x / pool);
        for (let c = 0; c < channels; c++) {
          const unit = (y * source.width + x) * channels + c;
          if (kept?.[unit] !== 0) {
            result[image * units + unit] = element(from, pixel * channels + c);
          }
        }
      }
    }
  }
  return result;
}
