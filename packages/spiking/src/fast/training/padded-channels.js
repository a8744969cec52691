/**
 * Values by pixel and channel with whole blocks of channels, as the kernels have them.
 *
 * @param {import('../heap.js').Heap} heap
 * @param {Float32Array} values [pixels, channels]
 * @param {{ pixels: number, channels: number, padded: number }} shape
 * @returns {number} where they are, [pixels, padded channels]
 */
export function paddedChannels(heap, values, { pixels, channels, padded }) {
  const at = heap.alloc('a gradient', pixels * padded * 4);
  heap.clear(at, pixels * padded * 4);
  const to = heap.f32(at, pixels * padded);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const from = pixel * channels;
    to.set(values.subarray(from, from + channels), pixel * padded);
  }
  return at;
}
