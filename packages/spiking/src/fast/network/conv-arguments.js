/**
 * `struct conv` for a layer and its input.
 *
 * @param {import('./network.js').Network} network
 * @param {number} index
 * @param {import('./spike-lists.js').Lists} lists
 * @param {number} [current] a constant current by pixel, instead of the layer's bias
 */
export function convArguments(network, index, { ptr, list, steps, channels }, current) {
  const { kernel, stride, padding, input, output } = network.layer(index);
  const { weights, bias } = network.packed(index);
  return {
    ...{ ptr, list, weights, base: current ?? bias, basePerPixel: Number(current !== undefined) },
    ...{ steps, height: input.height, width: input.width, channels },
    ...{ outHeight: output.height, outWidth: output.width, kernel, stride, padding },
    blocks: network.blocks(output.channels),
  };
}
