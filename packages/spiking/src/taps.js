/**
 * How many output positions each input position of a convolution reaches along one axis: as many as the kernel has taps,
 * fewer at borders.
 *
 * @param {number} size of the input
 * @param {number} outSize of the output
 * @param {{ readonly kernel: number, readonly stride: number, readonly padding: number }} layer
 * @returns {number[]} by input position
 */
export function tapsByPosition(size, outSize, { kernel, stride, padding }) {
  const taps = /** @type {number[]} */ (new Array(size).fill(0));
  for (let out = 0; out < outSize; out++) {
    for (let tap = 0; tap < kernel; tap++) {
      const position = out * stride - padding + tap;
      if (position >= 0 && position < size) taps[position] = (taps[position] ?? 0) + 1;
    }
  }
  return taps;
}
