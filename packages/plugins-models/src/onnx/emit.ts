import {
  UserError,
  type Architecture,
  type ChannelStatistics,
  type Layer,
  type Parameter,
} from '@privatesnn/core';

import { expectFinite } from '../finite.js';
import { layerNames, type LayerNames } from './names.js';
import { refusal } from './refusal.js';
import {
  inOrder,
  type AffineStep,
  type ClipStep,
  type ConvStep,
  type DenseStep,
  type Feature,
  type PadStep,
  type ShortcutStep,
  type Step,
} from './step.js';
import { isFlat, order, placesOf, type Shape } from './view.js';

/** A network in core's contract. */
export interface Emitted {
  readonly architecture: Architecture;
  readonly parameters: Readonly<Record<string, Parameter>>;
  readonly statistics: Readonly<Record<string, ChannelStatistics>>;
  readonly remarks: readonly string[];
  /** What the file makes of the logits at its end, which is left out. */
  readonly end: 'Softmax' | 'LogSoftmax' | undefined;
}

/**
 * Writes joined steps as layers.
 *
 * @param output the network's output, before Softmax was taken off
 * @throws UserError where a non-linearity is none that neurons have, or weights are NaN or infinite
 */
export function emitLayers(output: Feature, input: Step, name: string, file: string): Emitted {
  const remarks: string[] = [];
  let last = output.step;
  let end: Emitted['end'];
  if (last.kind === 'softmax') {
    end = last.node!.op === 'LogSoftmax' ? 'LogSoftmax' : 'Softmax';
    remarks.push(
      `${file}: ${end} at the end is left out: the network gives logits, and the class with the largest is the same.`,
    );
    last = last.inputs[0]!;
  }
  const steps = inOrder(last);
  const consumers = consumersOf(steps);
  const names = layerNames();
  const layers: Layer[] = [];
  const parameters: [string, Parameter][] = [];
  const statistics: [string, ChannelStatistics][] = [];
  /** Names of the layers that stand for the steps. */
  const places = new Map<Step, string>();
  const emit = { file, names, layers, parameters };
  for (const step of steps) {
    if (step.kind === 'input') {
      places.set(step, 'input');
      continue;
    }
    if (step.kind === 'softmax') {
      throw refusal(
        step.node!,
        file,
        'it stands before the end',
        'Softmax may stand at the end only.',
      );
    }
    const from = step.inputs.map((one) => places.get(one)!);
    if (step.kind === 'clip' && fuses(step, step.inputs[0]!, consumers, last)) {
      places.set(step, places.get(step.inputs[0]!)!);
      continue;
    }
    const next = consumers.get(step) ?? [];
    const clip =
      next.length === 1 && fuses(next[0]!, step, consumers, last)
        ? (next[0] as ClipStep)
        : undefined;
    const made = layerOf(step, clip, from, emit);
    places.set(step, made.name);
    const found = 'statistics' in step ? step.statistics : undefined;
    if (found && (step.kind === 'conv' || step.kind === 'dense'))
      statistics.push([made.name, found]);
  }
  endWithLogits(output, last, places.get(last)!, emit);
  const architecture: Architecture = {
    name,
    inputShape: [...input.shape],
    classes: output.step.shape.reduce((product, size) => product * size, 1),
    layers: withoutNeedlessFrom(layers),
  };
  return {
    architecture,
    parameters: Object.fromEntries(parameters),
    statistics: Object.fromEntries(statistics),
    remarks,
    end,
  };
}

interface Emit {
  readonly file: string;
  readonly names: LayerNames;
  readonly layers: Layer[];
  readonly parameters: [string, Parameter][];
}

function consumersOf(steps: readonly Step[]): ReadonlyMap<Step, readonly Step[]> {
  const consumers = new Map<Step, Step[]>();
  for (const step of steps) {
    for (const input of new Set(step.inputs)) {
      const found = consumers.get(input);
      if (found) found.push(step);
      else consumers.set(input, [step]);
    }
  }
  return consumers;
}

/** Whether a clip becomes the non-linearity of the layer before it: it takes all that layer gives. */
function fuses(
  clip: Step,
  layer: Step,
  consumers: ReadonlyMap<Step, readonly Step[]>,
  last: Step,
): boolean {
  const sums = ['conv', 'dense', 'add', 'affine', 'pad'].includes(layer.kind);
  return clip.kind === 'clip' && sums && layer !== last && consumers.get(layer)?.length === 1;
}

/** The non-linearity of a layer: none, or a ReLU that may be clipped. */
function neurons(clip: ClipStep | undefined, file: string): { linear?: true; maximum?: number } {
  if (!clip) return { linear: true };
  const { low, high, node } = clip;
  if (low === 0 && high > 0) return high === Infinity ? {} : { maximum: high };
  throw refusal(
    node!,
    file,
    `it clips to [${low}, ${high}], and a spiking neuron here gives nothing for negative input and something above it`,
    'Clip from 0 to a positive number, as ReLU and ReLU6 do; train the network, or go on training it, with one of them.',
  );
}

function layerOf(
  step: Step,
  clip: ClipStep | undefined,
  from: readonly string[],
  emit: Emit,
): { readonly name: string } {
  const { file, names, layers } = emit;
  const node = step.node!;
  const add = <L extends Layer & { name: string }>(layer: L) => {
    layers.push(layer);
    return layer;
  };
  switch (step.kind) {
    case 'conv': {
      const name = names.weighted(step.weightName, node);
      const inChannels = step.inputs[0]!.shape[2];
      const [outChannels, groups] = [step.shape[2], step.groups];
      weights(emit, name, [...step.kernel, inChannels / groups, outChannels], step);
      return add({
        kind: 'conv',
        name,
        from: [...from],
        inChannels,
        outChannels,
        kernel: one(step.kernel),
        stride: one(step.stride),
        ...(step.dilation.some((pixels) => pixels > 1) ? { dilation: one(step.dilation) } : {}),
        padding: one(step.padding),
        ...(groups > 1 ? { groups } : {}),
        bias: step.bias !== undefined,
        ...neurons(clip, file),
      });
    }
    case 'dense': {
      const name = names.weighted(step.weightName, node);
      const [height, width, channels] = step.inputs[0]!.shape;
      const [inputs, outputs] = [height * width * channels, step.shape[2]];
      weights(emit, name, [inputs, outputs], step);
      return add({
        kind: 'dense',
        name,
        from: [flattened(step.inputs[0]!, from[0]!, emit)],
        inputs,
        outputs,
        bias: step.bias !== undefined,
        ...neurons(clip, file),
      });
    }
    case 'affine':
    case 'pad':
    case 'clip':
      return pointwise(step, step.kind === 'clip' ? step : clip, from, emit);
    case 'add':
      return add({ kind: 'add', name: names.plain(node), from: [...from], ...neurons(clip, file) });
    case 'concat':
      return add({ kind: 'concat', name: names.plain(node), from: [...from] });
    case 'average-pool':
    case 'max-pool': {
      const padded = step.padding.some((pixels) => pixels > 0);
      const common = {
        name: names.plain(node),
        from: [...from],
        size: one(step.size),
        ...(step.stride.join() === step.size.join() ? {} : { stride: one(step.stride) }),
        ...(padded ? { padding: one(step.padding) } : {}),
      };
      return step.kind === 'max-pool'
        ? add({ kind: 'max-pool', ...common })
        : add({
            kind: 'average-pool',
            ...common,
            ...(padded && !step.countPadded ? { countPadded: false } : {}),
          });
    }
    case 'shortcut':
      return shortcut(step, clip, from, emit);
    default:
      throw new Error(`A step of the kind ${step.kind} is no layer.`);
  }
}

/** Every so many-th pixel; rows and columns of their own strides are a convolution of each pixel by itself. */
function shortcut(
  step: ShortcutStep,
  clip: ClipStep | undefined,
  from: readonly string[],
  emit: Emit,
): Layer & { name: string } {
  const { stride, before, after, node } = step;
  const square = stride[0] === stride[1];
  if (!square && before + after > 0) {
    throw refusal(
      node!,
      emit.file,
      `it takes every ${stride[0]}-th row and ${stride[1]}-th column, and adds channels`,
      'Take as many rows as columns: x[:, :, ::2, ::2].',
    );
  }
  if (!square) return pointwise(step, clip, from, emit);
  const layer = {
    kind: 'shortcut' as const,
    name: emit.names.plain(node!),
    from: [...from],
    stride: stride[0],
    before,
    after,
  };
  emit.layers.push(layer);
  return layer;
}

/** A scale, a padding or a ReLU that no layer before it takes: a convolution of each pixel and channel by itself. */
function pointwise(
  step: AffineStep | PadStep | ClipStep | ShortcutStep,
  clip: ClipStep | undefined,
  from: readonly string[],
  emit: Emit,
): Layer & { name: string } {
  const channels = step.shape[2];
  const name = emit.names.plain(step.node!);
  const shifts = step.kind === 'affine' && step.shift.some((value) => value !== 0);
  weights(emit, name, [1, 1, 1, channels], {
    weight:
      step.kind === 'affine' ? Float32Array.from(step.scale) : new Float32Array(channels).fill(1),
    bias: shifts ? step.shift : undefined,
    weightName: name,
  });
  const layer = {
    kind: 'conv' as const,
    name,
    from: [...from],
    inChannels: channels,
    outChannels: channels,
    kernel: 1,
    stride: step.kind === 'shortcut' ? one(step.stride) : 1,
    padding: step.kind === 'pad' ? one(step.padding) : 0,
    ...(channels > 1 ? { groups: channels } : {}),
    bias: shifts,
    ...neurons(clip, emit.file),
  };
  emit.layers.push(layer);
  return layer;
}

/** The name of the source of a dense layer: images are flattened first. */
function flattened(source: Step, name: string, { layers, names }: Emit): string {
  if (source.kind === 'dense' || (source.kind === 'clip' && source.inputs[0]!.kind === 'dense'))
    return name;
  const there = layers.find((layer) => layer.kind === 'flatten' && layer.from?.[0] === name);
  if (there) return there.name!;
  const flatten = { kind: 'flatten' as const, name: names.free('flatten'), from: [name] };
  layers.push(flatten);
  return flatten.name;
}

/**
 * The last layer must be one that sums, without a ReLU, and give the classes in order; where it is not, a dense layer
 * that copies its input is added.
 */
function endWithLogits(output: Feature, last: Step, name: string, emit: Emit): void {
  const { layers } = emit;
  const classes = last.shape[2];
  const flat = last.shape[0] * last.shape[1] === 1;
  const final = layers.at(-1)!;
  const isLinear = 'linear' in final && final.linear === true;
  const sums = final.kind === 'conv' || final.kind === 'dense' || final.kind === 'add';
  if (flat && sums && isLinear && final.name === name) {
    // The last layer is linear by its place.
    const { linear: _, ...rest } = final;
    layers[layers.length - 1] = rest;
    return;
  }
  if (!isFlat(output.view)) throw new Error('The output is no vector.');
  const places = placesOf(order(output.view), last.shape);
  const count = classes * last.shape[0] * last.shape[1];
  const weight = new Float32Array(count * count);
  places.forEach((place, i) => (weight[place * count + i] = 1));
  const logits = emit.names.free('logits');
  weights(emit, logits, [count, count], { weight, bias: undefined, weightName: logits });
  const from = [flattened(last, name, emit)];
  layers.push({ kind: 'dense', name: logits, from, inputs: count, outputs: count, bias: false });
}

function weights(
  { file, parameters }: Emit,
  name: string,
  shape: readonly number[],
  { weight, bias, weightName }: Pick<ConvStep | DenseStep, 'weight' | 'bias' | 'weightName'>,
): void {
  const add = (what: 'weight' | 'bias', parameter: Parameter, called: string) => {
    expectFinite(parameter, called, file);
    parameters.push([`${name}.${what}`, parameter]);
  };
  add('weight', { shape: [...shape], data: weight }, weightName);
  if (bias) add('bias', { shape: [bias.length], data: Float32Array.from(bias) }, `${name}.bias`);
}

/** One number where all are the same. */
function one<T extends readonly number[]>(values: T): number | T {
  return values.every((value) => value === values[0]) ? values[0]! : values;
}

/** A layer takes the one before it where it does not say otherwise. */
function withoutNeedlessFrom(layers: readonly Layer[]): Layer[] {
  return layers.map((layer, at) => {
    const before = at === 0 ? 'input' : layers[at - 1]!.name;
    if (layer.from?.length !== 1 || layer.from[0] !== before) return layer;
    const { from: _, ...rest } = layer;
    return rest;
  });
}

/** The most classes that a layer of copies is made for. */
export const mostClasses = 10_000;

/** @throws UserError where a network gives more classes than {@link mostClasses} */
export function expectClasses(shape: Shape, file: string): void {
  const classes = shape.reduce((product, size) => product * size, 1);
  if (classes <= mostClasses) return;
  throw new UserError(
    'data',
    'MODEL_ENDS',
    `The output of ${file} has ${classes} numbers; at most ${mostClasses} classes are read.`,
    { hint: 'Take a classifier; detection and segmentation are not read.', place: { file } },
  );
}
