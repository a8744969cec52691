/**
 * Whether what a layer sums reaches neurons: its own, or behind linear layers those of others.
 *
 * @param {Pick<import('../plan.js').Plan, 'layers'>} plan
 * @param {number} index
 * @returns {boolean}
 */
export function reachesNeurons({ layers }, index) {
  const layer = layers[index];
  if (!layer || layer.last) return false;
  if (!layer.linear) return true;
  return layers.some(
    (taker, at) =>
      [taker, ...taker.beside].some((input) =>
        [input, ...input.joined].some(({ from }) => from === index),
      ) && reachesNeurons({ layers }, at),
  );
}
