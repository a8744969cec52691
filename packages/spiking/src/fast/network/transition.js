/**
 * What lies between spikes and the layer that takes them.
 *
 * @typedef {import('../plan.js').Transition} Transition
 */

/** What the sums of spikes, in the place of means, are divided by. @param {Transition} before */
export function averagedOver({ averagePool, averages }) {
  return averages.reduce((product, { divisor }) => product * divisor, averagePool ** 2);
}

/**
 * How many times smaller max-pooling makes what training takes: there is one at most, of square windows without overlap.
 *
 * @param {Transition} before
 */
export function maxPoolSize({ maxPools: [pool] }) {
  return pool?.kernelHeight ?? 1;
}
