/**
 * Whether an input of a layer is of numbers (taken-numbers.js): where any part of it is the currents of a linear layer.
 *
 * @param {Pick<import('../plan.js').Plan, 'layers'>} plan
 * @param {import('../plan.js').PlannedInput} input
 */
export function takesNumbers({ layers }, input) {
  return [input, ...input.joined].some(({ from }) => layers[from]?.linear);
}
