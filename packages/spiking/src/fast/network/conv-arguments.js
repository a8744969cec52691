/**
 * `struct conv` for an input of a layer.
 *
 * @param {import('./network.js').Network} network
 * @param {number} index
 * @param {import('./spike-lists.js').Lists} lists
 * @param {{ current?: number | undefined, beside?: boolean }} [options] a constant current by pixel, instead of the
 *   layer's bias; whether it is the layer's second input, which has none
 */
export function convArguments(network, index, lists, { current, beside = false } = {}) {
  const { ptr, list, steps, channels } = lists;
  const { kernel, stride, padding, input } = network.input(index, beside);
  const { output } = network.layer(index);
  const packed = network.packed(index);
  const weights = beside ? packed.beside : packed.weights;
  return {
    ...{ ptr, list, weights, base: beside ? 0 : (current ?? packed.bias) },
    basePerPixel: Number(current !== undefined),
    ...{ steps, timeSteps: network.spec.timeSteps },
    ...{ height: input.height, width: input.width, channels },
    ...{ outHeight: output.height, outWidth: output.width, kernel, stride, padding },
    blocks: network.blocks(output.channels),
  };
}
