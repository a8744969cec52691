/**
 * Copies between pixels' channels and whole blocks of them, as the kernels have them.
 */

/**
 * @param {Float32Array} values [pixels, channels]
 * @param {Float32Array} to [pixels, padded channels]
 * @param {{ pixels: number, channels: number, padded: number }} shape
 */
export function padChannels(values, to, { pixels, channels, padded }) {
  for (let pixel = 0; pixel < pixels; pixel++) {
    const from = pixel * channels;
    to.set(values.subarray(from, from + channels), pixel * padded);
  }
}

/**
 * @param {Float32Array} values [pixels, padded channels]
 * @param {{ pixels: number, channels: number, padded: number }} shape
 * @returns {Float32Array} [pixels, channels]
 */
export function cropChannels(values, { pixels, channels, padded }) {
  const result = new Float32Array(pixels * channels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const from = pixel * padded;
    result.set(values.subarray(from, from + channels), pixel * channels);
  }
  return result;
}
