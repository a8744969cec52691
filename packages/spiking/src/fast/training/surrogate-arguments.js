/** Numbers of the surrogates in kernels/surrogate.h. */
const kinds = { triangle: 0, rectangle: 1, exponential: 2, 'spike-time': 3, 'spike-train': 4 };

/** As neverFiredSteps in surrogate.ts. */
const neverFiredSteps = 1000;

/**
 * The fields of `struct surrogate`, with its kind as `surrogate`.
 *
 * @param {import('../../engine.js').Surrogate} surrogate
 * @param {number} threshold
 * @param {number} leak λ
 */
export function surrogateArguments(surrogate, threshold, leak) {
  const { gamma, divideByTheta } = surrogate;
  const height = divideByTheta ? gamma / threshold : gamma;
  return {
    surrogate: kinds[surrogate.kind],
    height,
    ...shapeOf(surrogate, height, threshold, leak),
  };
}

/**
 * @param {import('../../engine.js').Surrogate} surrogate
 * @param {number} height
 * @param {number} threshold
 * @param {number} leak
 */
function shapeOf(surrogate, height, threshold, leak) {
  switch (surrogate.kind) {
    case 'spike-time': {
      const { beta } = surrogate;
      const first = height * Math.exp(-beta * neverFiredSteps);
      return { inverse: 0, decay: Math.exp(-beta), first };
    }
    case 'spike-train':
      return { inverse: 0, decay: leak, first: height * Math.log(leak) };
    default:
      return { inverse: 1 / ((surrogate.width ?? 1) * threshold), decay: 0, first: 0 };
  }
}
