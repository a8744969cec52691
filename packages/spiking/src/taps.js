/**
 * How many output positions each input position of a convolution reaches along one axis: as many as the kernel has taps,
 * fewer at borders.
 *
 * @param {number} size of the input
 * @param {number} outSize of the output
 * @param {object} window
 * @param {number} window.kernel pixels that it spans, those between its taps among them
 * @param {number} window.stride
 * @param {number} window.padding
 * @param {number} window.dilation
 * @returns {number[]} by input position
 */
export function tapsByPosition(size, outSize, { kernel, stride, padding, dilation }) {
  const taps = /** @type {number[]} */ (new Array(size).fill(0));
  for (let out = 0; out < outSize; out++) {
    for (let tap = 0; tap < kernel; tap += dilation) {
      const position = out * stride - padding + tap;
      if (position >= 0 && position < size) taps[position] = (taps[position] ?? 0) + 1;
    }
  }
  return taps;
}
