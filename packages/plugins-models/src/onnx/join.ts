import type { Shape } from './view.js';
import {
  inOrder,
  type AffineStep,
  type ClipStep,
  type ConvStep,
  type DenseStep,
  type Padding,
  type PoolStep,
  type Step,
} from './step.js';

/*
 * Joins steps: batch normalisation and other scales into weights, zero padding into what it is for, clips into the
 * layer before. Whatever cannot be joined exactly stays a step of its own, and becomes a layer.
 */

/**
 * The same network with fewer steps. Weights of the given steps are written to.
 *
 * Two sweeps from the image to the output: the first moves scales and clips back to the weights before them, the second
 * moves the scales that are left on to the weights after them.
 */
export function joinSteps(output: Step): Step {
  return sweep(sweep(output, backward), forward);
}

/** What a step becomes, whose inputs have been joined already. */
type Rule = (step: Step, isSingle: (input: Step) => boolean) => Step;

function sweep(output: Step, rule: Rule): Step {
  const steps = inOrder(output);
  const consumers = new Map<Step, number>();
  for (const step of [...steps.flatMap(({ inputs }) => inputs), output]) {
    consumers.set(step, (consumers.get(step) ?? 0) + 1);
  }
  const joined = new Map<Step, Step>();
  const single = new Map<Step, boolean>();
  const clips = new Map<Step, ClipStep[]>();
  for (const step of steps) {
    step.inputs = step.inputs.map((input) => joined.get(input)!);
    let result = rule(step, (input) => single.get(input) ?? false);
    if (result.kind === 'clip') result = sameClip(result, clips);
    isNonNegative(result);
    joined.set(step, result);
    // What something else takes too must not be changed for this one.
    const shared = single.has(result) && !(single.get(result) && step.inputs.includes(result));
    single.set(result, consumers.get(step) === 1 && !shared);
  }
  return joined.get(output)!;
}

/** The clip of that input that is there already, so that a layer has one non-linearity. */
function sameClip(clip: ClipStep, clips: Map<Step, ClipStep[]>): ClipStep {
  const input = clip.inputs[0]!;
  const found = clips.get(input) ?? [];
  const same = found.find(({ low, high }) => low === clip.low && high === clip.high);
  if (same) return same;
  clips.set(input, [...found, clip]);
  return clip;
}

const backward: Rule = (step, isSingle) => {
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

const hasPadding = (padding: Padding) => padding.some((pixels) => pixels > 0);
const sum = (a: Padding, b: Padding): Padding => [
  a[0] + b[0],
  a[1] + b[1],
  a[2] + b[2],
  a[3] + b[3],
];

/** Whether zeros of the padding enter an average, which then is not an average of the scaled pixels. */
const mixesPadding = (pool: PoolStep) =>
  pool.kind === 'average-pool' && pool.countPadded && hasPadding(pool.padding);

function scaleBefore(step: AffineStep, isSingle: (input: Step) => boolean): Step {
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
    commutes(step, input)
  ) {
    const scaled = scaleBefore({ ...step, shape: before.shape, inputs: [before] }, isSingle);
    return scaled.kind === 'affine' ? step : { ...input, inputs: [scaled] };
  }
  return step;
}

function commutes({ scale, shift }: AffineStep, pool: PoolStep): boolean {
  if (pool.kind === 'max-pool') return scale.every((value) => value > 0);
  return !mixesPadding(pool) || shift.every((value) => value === 0);
}

function scaleOutputs(layer: ConvStep | DenseStep, { scale, shift, statistics }: AffineStep): void {
  const channels = scale.length;
  const { weight } = layer;
  for (let i = 0; i < weight.length; i++) weight[i] = weight[i]! * scale[i % channels]!;
  const bias = layer.bias ?? new Float64Array(channels);
  layer.bias = bias.map((value, c) => value * scale[c]! + shift[c]!);
  if (statistics) layer.statistics = statistics;
  else delete layer.statistics;
}

/** Whether no output can be negative. */
function isNonNegative(step: Step): boolean {
  const known = nonNegative.get(step);
  if (known !== undefined) return known;
  const copies = !['input', 'conv', 'dense', 'affine', 'clip', 'softmax'].includes(step.kind);
  const found = step.kind === 'clip' ? step.low >= 0 : copies && step.inputs.every(isNonNegative);
  nonNegative.set(step, found);
  return found;
}

/** What is known already, so that each step is looked at once. */
const nonNegative = new WeakMap<Step, boolean>();

/** A clip is moved back over what only picks, copies or adds zeros. */
function clipBefore(step: ClipStep, isSingle: (input: Step) => boolean): Step {
  const input = step.inputs[0]!;
  if (step.low === -Infinity && step.high === Infinity) return input;
  if (step.low < 0 && isNonNegative(input)) {
    return clipBefore({ ...step, low: 0 }, isSingle);
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
  if (!passes || !input.inputs.every(isSingle)) return step;
  if (new Set(input.inputs).size < input.inputs.length) return step;
  const inputs = input.inputs.map((one) =>
    clipBefore({ ...step, shape: one.shape, inputs: [one] }, isSingle),
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

const forward: Rule = (step, isSingle) => {
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
      return { ...input, shape: step.shape, inputs: [pool] };
    }
    default:
      return step;
  }
};

function scaleConvInputs(layer: ConvStep, { scale, shift }: AffineStep): void {
  const { weight, groups } = layer;
  const outputs = layer.shape[2];
  const inGroup = scale.length / groups;
  const bias = layer.bias ?? new Float64Array(outputs);
  for (let i = 0; i < weight.length; i++) {
    const output = i % outputs;
    const group = Math.floor((output * groups) / outputs);
    const channel = group * inGroup + (Math.floor(i / outputs) % inGroup);
    bias[output] = bias[output]! + weight[i]! * shift[channel]!;
    weight[i] = weight[i]! * scale[channel]!;
  }
  layer.bias = bias;
  delete layer.statistics;
}

function scaleDenseInputs(layer: DenseStep, { scale, shift }: AffineStep): void {
  const { weight } = layer;
  const outputs = layer.shape[2];
  const channels = scale.length;
  const bias = layer.bias ?? new Float64Array(outputs);
  for (let i = 0; i < weight.length; i++) {
    const channel = Math.floor(i / outputs) % channels;
    const output = i % outputs;
    bias[output] = bias[output]! + weight[i]! * shift[channel]!;
    weight[i] = weight[i]! * scale[channel]!;
  }
  layer.bias = bias;
  delete layer.statistics;
}
