import type { Layer, Parameter } from '@privatesnn/core';
import { expectFinite } from '../finite.js';
import type { LayerNames } from './names.js';
import { refuse } from './refusal.js';
import type {
  AffineStep,
  ClipStep,
  ConvStep,
  DenseStep,
  PadStep,
  ShortcutStep,
  Step,
} from './step.js';

export interface Emit {
  readonly file: string;
  readonly names: LayerNames;
  readonly layers: Layer[];
  readonly parameters: [string, Parameter][];
}

/** Whether a clip becomes the non-linearity of the layer before it: it takes all that layer gives. */
export function fuses(
  clip: Step,
  layer: Step,
  consumers: ReadonlyMap<Step, readonly Step[]>,
  last: Step,
): boolean {
  const sums = ['conv', 'dense', 'add', 'affine', 'pad'].includes(layer.kind);
  return clip.kind === 'clip' && sums && layer !== last && consumers.get(layer)?.length === 1;
}

/** The non-linearity of a layer: none, or a ReLU that may be clipped. */
export function neurons(
  clip: ClipStep | undefined,
  file: string,
): { linear?: true; maximum?: number } {
  if (!clip) return { linear: true };
  const { low, high, node } = clip;
  if (low === 0 && high > 0) return high === Infinity ? {} : { maximum: high };
  throw refuse(
    { node: node!, file },
    `it clips to [${low}, ${high}], and a spiking neuron here gives nothing for negative input and something above it`,
    'Clip from 0 to a positive number, as ReLU and ReLU6 do; train the network, or go on training it, with one of them.',
  );
}

export function layerOf(
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
      return shortcut(step, from, emit);
    default:
      throw new Error(`A step of the kind ${step.kind} is no layer.`);
  }
}

/** Every so many-th pixel; rows and columns of their own strides are a convolution of each pixel by itself. */
function shortcut(
  step: ShortcutStep,
  from: readonly string[],
  emit: Emit,
): Layer & { name: string } {
  const { stride, before, after } = step;
  const square = stride[0] === stride[1];
  let source = from;
  if (!square) {
    const channels = step.shape[2] - before - after;
    const picked = pointwise(
      { ...step, shape: [step.shape[0], step.shape[1], channels] },
      undefined,
      from,
      emit,
    );
    if (before + after === 0) return picked;
    source = [picked.name];
  }
  const layer = {
    kind: 'shortcut' as const,
    name: emit.names.plain(step.node!),
    from: [...source],
    stride: square ? stride[0] : 1,
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
export function flattened(source: Step, name: string, { layers, names }: Emit): string {
  if (source.kind === 'dense' || (source.kind === 'clip' && source.inputs[0]!.kind === 'dense'))
    return name;
  const there = layers.find((layer) => layer.kind === 'flatten' && layer.from?.[0] === name);
  if (there) return there.name!;
  const flatten = { kind: 'flatten' as const, name: names.free('flatten'), from: [name] };
  layers.push(flatten);
  return flatten.name;
}

export function weights(
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
export function one<T extends readonly number[]>(values: T): number | T {
  return values.every((value) => value === values[0]) ? values[0]! : values;
}
