import type { Rule } from './join.js';
import { commutes, hasPadding, scaleConvInputs, scaleDenseInputs } from './scale.js';

/** Moves scales on to the weights after them. */
export const forward: Rule = (step, isSingle) => {
  const [input] = step.inputs;
  if (input?.kind !== 'affine') return step;
  switch (step.kind) {
    case 'conv': {
      // Zeros of the padding are not shifted, pixels are.
      const shifts = input.shift.some((value) => value !== 0);
      if (shifts && hasPadding(step.padding)) return step;
      scaleConvInputs(step, input);
      return { ...step, inputs: input.inputs };
    }
    case 'dense':
      scaleDenseInputs(step, input);
      return { ...step, inputs: input.inputs };
    case 'average-pool':
    case 'max-pool': {
      if (!isSingle(input) || !commutes(input, step)) return step;
      const pool = { ...step, inputs: input.inputs };
      // What was known of the pixels is not so of their pools.
      return { ...input, shape: step.shape, inputs: [pool], statistics: undefined };
    }
    default:
      return step;
  }
};
