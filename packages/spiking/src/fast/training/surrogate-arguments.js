/** Numbers of the surrogates in kernels/surrogate.h. */
const kinds = { triangle: 0, rectangle: 1, exponential: 2, 'spike-time': 3 };

/** As neverFiredSteps in surrogate.ts. */
const neverFiredSteps = 1000;

/**
 * The fields of `struct surrogate`, with its kind as `surrogate`.
 *
 * @param {import('../../engine.js').Surrogate} surrogate
 * @param {number} threshold
 */
export function surrogateArguments(surrogate, threshold) {
  const { kind, gamma, divideByTheta } = surrogate;
  const beta = kind === 'spike-time' ? surrogate.beta : 0;
  const width = kind === 'spike-time' ? 1 : (surrogate.width ?? 1);
  const height = divideByTheta ? gamma / threshold : gamma;
  return {
    ...{ surrogate: kinds[kind], height, inverse: 1 / (width * threshold) },
    ...{ decay: Math.exp(-beta), first: height * Math.exp(-beta * neverFiredSteps) },
  };
}
