import type { Step } from './step.js';

/** What is known already, so that each step is looked at once. */
const known = new WeakMap<Step, boolean>();

/** Whether no output of a step can be negative. */
export function isNonNegative(step: Step): boolean {
  const before = known.get(step);
  if (before !== undefined) return before;
  const copies = !['input', 'conv', 'dense', 'affine', 'clip', 'softmax'].includes(step.kind);
  const found = step.kind === 'clip' ? step.low >= 0 : copies && step.inputs.every(isNonNegative);
  known.set(step, found);
  return found;
}
