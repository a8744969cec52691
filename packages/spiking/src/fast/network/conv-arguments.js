/**
 * `struct conv` for an input of a layer.
 *
 * @param {import('./network.js').Network} network
 * @param {number} index
 * @param {import('./lists.js').Lists} lists of each block's own channels where they are grouped
 * @param {{ current?: number | undefined, which?: number }} [options] a constant current by pixel, instead of the
 *   layer's bias; which of the layer's inputs it is: those beside the first have none
 */
export function convArguments(network, index, lists, { current, which = 0 } = {}) {
  const { ptr, list, steps, channels } = lists;
  const { input, ...planned } = network.input(index, which);
  const { output } = network.layer(index);
  const { weights, bias } = network.packed(index);
  return {
    ...{ ptr, list, weights: /** @type {number} */ (weights[which]) },
    base: which > 0 ? 0 : (current ?? bias),
    basePerPixel: Number(current !== undefined),
    ...{ steps, timeSteps: network.spec.timeSteps },
    ...{ height: input.height, width: input.width, channels },
    ...{ outHeight: output.height, outWidth: output.width, ...windowOf(planned) },
    blocks: network.blocks(output.channels),
    grouped: Number(network.isGrouped(index, which)),
  };
}

/** The fields of a window. @param {import('../plan.js').PlannedWindow} planned */
export function windowOf({ kernelHeight, kernelWidth, strideY, strideX, top, left }) {
  return { kernelHeight, kernelWidth, strideY, strideX, top, left };
}
