import type { Rule } from './join.js';
import { isNonNegative } from './non-negative.js';
import { commutes, hasPadding, scaleOutputs } from './scale.js';
import type { AffineStep, ClipStep, ConvStep, Padding, PoolStep, Step } from './step.js';
import type { Shape } from './view.js';

/** How many poolings and copies a scale or a clip is moved over. */
const farthest = 20;

/** Moves scales and clips back to the weights before them, and padding on to what it is for. */
export const backward: Rule = (step, isSingle) => {
  switch (step.kind) {
    case 'affine':
      return scaleBefore(step, isSingle);
    case 'clip':
      return clipBefore(step, isSingle);
    case 'conv':
    case 'average-pool':
    case 'max-pool':
      return paddedBefore(step);
    case 'pad': {
      const [input] = step.inputs;
      if (input?.kind !== 'pad') return step;
      return { ...step, inputs: input.inputs, padding: sum(input.padding, step.padding) };
    }
    case 'shortcut': {
      const [input] = step.inputs;
      if (input?.kind !== 'shortcut') return step;
      return {
        ...step,
        inputs: input.inputs,
        stride: [input.stride[0] * step.stride[0], input.stride[1] * step.stride[1]],
        before: step.before + input.before,
        after: step.after + input.after,
      };
    }
    default:
      return step;
  }
};

const sum = (a: Padding, b: Padding): Padding => [
  a[0] + b[0],
  a[1] + b[1],
  a[2] + b[2],
  a[3] + b[3],
];

type IsSingle = Parameters<Rule>[1];

function scaleBefore(step: AffineStep, isSingle: IsSingle, distance = 0): Step {
  const input = step.inputs[0]!;
  if (step.scale.every((value) => value === 1) && step.shift.every((value) => value === 0)) {
    return input;
  }
  if (!isSingle(input)) return step;
  if (input.kind === 'affine') {
    const scale = step.scale.map((value, c) => value * input.scale[c]!);
    const shift = step.shift.map((value, c) => value + step.scale[c]! * input.shift[c]!);
    return { ...step, inputs: input.inputs, scale, shift };
  }
  if (input.kind === 'conv' || input.kind === 'dense') {
    scaleOutputs(input, step);
    return input;
  }
  const [before] = input.inputs;
  if (
    (input.kind === 'average-pool' || input.kind === 'max-pool') &&
    before &&
    isSingle(before) &&
    commutes(step, input) &&
    distance < farthest
  ) {
    // What is known of the pools is not so of their pixels.
    const moved = { ...step, shape: before.shape, inputs: [before], statistics: undefined };
    const scaled = scaleBefore(moved, isSingle, distance + 1);
    return scaled.kind === 'affine' ? step : { ...input, inputs: [scaled] };
  }
  return step;
}

/** A clip is moved back over what only picks, copies or adds zeros. */
function clipBefore(step: ClipStep, isSingle: IsSingle, distance = 0): Step {
  const input = step.inputs[0]!;
  if (step.low === -Infinity && step.high === Infinity) return input;
  if (step.low < 0 && isNonNegative(input)) {
    return clipBefore({ ...step, low: 0 }, isSingle, distance);
  }
  if (!isSingle(input)) return step;
  if (input.kind === 'clip') {
    const within = (value: number) => Math.max(step.low, Math.min(step.high, value));
    const [low, high] = [within(input.low), within(input.high)];
    return { ...step, inputs: input.inputs, low, high };
  }
  const keepsZero = step.low <= 0 && step.high >= 0;
  const passes =
    input.kind === 'max-pool' ||
    (keepsZero && (input.kind === 'shortcut' || input.kind === 'pad')) ||
    input.kind === 'concat';
  if (!passes || !input.inputs.every(isSingle) || distance >= farthest) return step;
  if (new Set(input.inputs).size < input.inputs.length) return step;
  const inputs = input.inputs.map((one) =>
    clipBefore({ ...step, shape: one.shape, inputs: [one] }, isSingle, distance + 1),
  );
  return { ...input, inputs };
}

/** Zero pixels before a convolution or pooling become its padding. */
function paddedBefore(step: ConvStep | PoolStep): Step {
  const [input] = step.inputs;
  if (input?.kind !== 'pad') return step;
  const padding = sum(input.padding, step.padding);
  const joined = { ...step, inputs: input.inputs, padding };
  if (step.kind === 'conv') return joined;
  if (!inImage(step, padding, input.inputs[0]!.shape)) return step;
  if (step.kind === 'average-pool') {
    // The zeros are pixels like others, which the average counts.
    const same = step.countPadded || !hasPadding(step.padding);
    return same ? { ...step, inputs: input.inputs, padding, countPadded: true } : step;
  }
  // Where nothing is negative, no zero is larger than the largest pixel.
  return isNonNegative(input.inputs[0]!) ? joined : step;
}

/** Whether every window has a pixel of the image. */
function inImage(pool: PoolStep, [top, , left]: Padding, [height, width]: Shape): boolean {
  const [rows, columns] = [pool.shape[0] - 1, pool.shape[1] - 1];
  return (
    top < pool.size[0] &&
    left < pool.size[1] &&
    rows * pool.stride[0] - top < height &&
    columns * pool.stride[1] - left < width
  );
}
