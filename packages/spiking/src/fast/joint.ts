import type { SquareWindow } from '@privatesnn/core';

import { maxPoolSize } from './network/transition.js';
import { placementOf, type Placement } from './placed-weights.js';
import {
  inputsOf,
  partsOf,
  type Plan,
  type PlannedInput,
  type PlannedLayer,
  type PlannedPart,
  type PlannedWindow,
  type Shape,
} from './plan.js';
import { isPlain, noTransition } from './planning.js';

/**
 * Training knows square windows, and no groups: others are parts of those, with zeros around. It sees a layer that takes
 * spikes from several as one convolution of all, side by side: the channels of each behind those of the one before, the
 * smaller windows in the middle of the largest.
 */
export interface JointPart extends PlannedPart {
  readonly window: SquareWindow;
  /** Its first channel in the joint input; whole words of bits lie before it. */
  readonly first: number;
  /** Takes every so many-th row and column of the source, from the first on. */
  readonly step: number;
  /** Where its window begins in the joint one, in rows and columns. */
  readonly tap: number;
}

/** How the gradient comes back to a layer of neurons: from one layer that takes its spikes, or from several at once. */
export type Way =
  | { readonly kind: 'one'; readonly taker: number }
  | {
      readonly kind: 'several';
      /** In one convolution of all, their outputs side by side. */
      readonly window: SquareWindow;
      readonly takers: readonly Taker[];
    };

export interface Taker {
  /** The planned layer. */
  readonly index: number;
  /** Which of its parts; undefined where it takes the spikes of one layer. */
  readonly part: number | undefined;
  readonly window: SquareWindow;
  /** Where its window begins in the one of all. */
  readonly tap: number;
}

/** A layer as training sees it. */
interface TrainedForm {
  readonly layer: PlannedLayer;
  /** By input: where its weights are among the layer's. */
  readonly placements: readonly Placement[];
}

/** A plan as training sees it, with a way back to every layer but the last. */
export interface TrainingPlan {
  readonly plan: Plan;
  /** The plan that it was made from, and by layer and input the places of its weights. */
  readonly original: Plan;
  readonly placements: readonly (readonly Placement[])[];
  readonly ways: readonly Way[];
}

/** @returns undefined where the kernels have no gradients */
export function trainingPlan(original: Plan): TrainingPlan | undefined {
  if (original.layers.some(({ linear }) => linear)) return undefined;
  const forms = original.layers.map((layer) =>
    inputsOf(layer).flatMap(partsOf).length > 1 ? jointForm(layer) : singleForm(layer),
  );
  if (!forms.every((form) => form !== undefined)) return undefined;
  const layers = forms.map(({ layer }) => layer);
  // What the read-out sends is the same at all time-steps, and comes first.
  const last = layers.length - 1;
  if (layers[last]!.joint || layers[last]!.from !== last - 1) return undefined;
  const ways = layers.slice(0, -1).map((_, index) => wayBack(layers, index));
  if (!ways.every((way) => way !== undefined)) return undefined;
  const placements = forms.map((form) => form.placements);
  return { plan: { ...original, layers }, original, placements, ways };
}

/** Bits of a word. */
const word = 32;

function singleForm(layer: PlannedLayer): TrainedForm | undefined {
  const square = squared(layer);
  if (!square || !isPooledPlainly(layer) || (layer.before.flat && square.window.kernel > 1)) {
    return undefined;
  }
  const own = { ...layer, ...plannedWindow(square.window), dilation: [1, 1] as const, groups: 1 };
  return { layer: own, placements: [placedIn(square.window, square, layer, layer.output)] };
}

function jointForm(layer: PlannedLayer): TrainedForm | undefined {
  const inputs = inputsOf(layer).map((input) => ({ input, square: squared(input) }));
  const all = inputs.flatMap(({ input, square }) =>
    square ? partsOf(input).map((part) => ({ ...part, window: square.window, step: 1 })) : [],
  );
  const isTrainable = inputs.every(({ input, square }) => square && !input.joinedFlat);
  if (!isTrainable || !all.every(isBits)) return undefined;
  const [{ window: one, shape: size }] = all as [(typeof all)[0]];
  const alike = all.every(
    ({ window, shape }) => window.stride === one.stride && isSameSize(shape, size),
  );
  const parts = alike ? all : all.map((part) => stepped(part, layer.output));
  const [{ shape }] = parts as [(typeof parts)[0]];
  const window = commonWindow(parts.map((part) => part.window));
  if (!window || !parts.every((part) => isSameSize(part.shape, shape))) return undefined;
  let channels = 0;
  const joint = parts.map((part): JointPart => {
    const first = Math.ceil(channels / word) * word;
    channels = first + part.shape.channels;
    return { ...part, first, tap: window.padding - part.window.padding };
  });
  const input = { ...shape, channels };
  let next = 0;
  const placements = inputs.map(({ input: planned, square }) => {
    const own = joint.slice(next, (next += partsOf(planned).length));
    const inset = own[0]!.tap;
    const { top, left } = square!;
    const at = placedIn(window, { top: top + inset, left: left + inset }, planned, layer.output);
    const places = own.flatMap((part) =>
      Array.from({ length: part.shape.channels }, (_, c) => part.first + c),
    );
    return { ...at, windowRows: channels, rowAt: (channel: number) => places[channel]! };
  });
  const { name, output, bias, last, from, counted } = layer;
  return {
    layer: {
      ...{ name, output, bias, last, linear: false, from, counted, place: 0, offset: 0, groups: 1 },
      ...{ dilation: [1, 1], concats: [], joined: [], joinedFlat: false, beside: [] },
      ...{ before: noTransition, source: input, shape: input, input, ...plannedWindow(window) },
      ...{ weighted: name, joint },
    },
    placements,
  };
}

/** Whether its poolings are those that gradients come back through. */
function isPooledPlainly({ before, source }: PlannedPart): boolean {
  const { maxPools, averages } = before;
  return (
    averages.length === 0 && maxPools.length <= 1 && maxPools.every((pool) => isPlain(pool, source))
  );
}

/** Whether nothing lies before it that bits cannot hold. */
function isBits(part: PlannedPart): boolean {
  const { averagePool, flat, dropouts } = part.before;
  return isPooledPlainly(part) && averagePool === 1 && !flat && dropouts.length === 0;
}

/** The smallest square window that holds one, and where that begins in it; undefined where its strides differ. */
function squared({ kernelHeight, kernelWidth, strideY, strideX, top, left }: PlannedWindow) {
  if (strideY !== strideX) return undefined;
  const padding = Math.max(top, left);
  const kernel = Math.max(padding - top + kernelHeight, padding - left + kernelWidth);
  return { window: { kernel, stride: strideY, padding }, top: padding - top, left: padding - left };
}

function plannedWindow({ kernel, stride, padding }: SquareWindow): PlannedWindow {
  return {
    ...{ kernelHeight: kernel, kernelWidth: kernel, strideY: stride, strideX: stride },
    ...{ top: padding, left: padding },
  };
}

function placedIn(
  { kernel }: SquareWindow,
  { top, left }: { readonly top: number; readonly left: number },
  input: PlannedInput,
  output: Shape,
): Placement {
  return { ...placementOf(input, output), kernelHeight: kernel, kernelWidth: kernel, top, left };
}

/** A window of one pixel as one of a smaller picture, of the pixels alone that it takes. */
function stepped<P extends { readonly window: SquareWindow; readonly shape: Shape }>(
  part: P,
  output: Shape,
): P & { readonly step: number } {
  const { kernel, padding, stride } = part.window;
  if (kernel > 1 || padding > 0) return { ...part, step: 1 };
  const shape = { ...part.shape, height: output.height, width: output.width };
  return { ...part, shape, window: onePixel, step: stride };
}

const onePixel: SquareWindow = { kernel: 1, stride: 1, padding: 0 };

interface Sides {
  readonly height: number;
  readonly width: number;
}

function isSameSize(a: Sides, b: Sides): boolean {
  return a.height === b.height && a.width === b.width;
}

/** The smallest window that holds all of them around the same pixel; undefined where there is none. */
function commonWindow(windows: readonly SquareWindow[]): SquareWindow | undefined {
  const { stride } = windows[0]!;
  const padding = Math.max(...windows.map((one) => one.padding));
  const kernel = Math.max(...windows.map((one) => padding - one.padding + one.kernel));
  return windows.every((one) => one.stride === stride) ? { kernel, stride, padding } : undefined;
}

function wayBack(layers: readonly PlannedLayer[], index: number): Way | undefined {
  const takers = layers.flatMap((layer, i) => {
    const { kernelHeight: kernel, strideY: stride, top: padding } = layer;
    const parts = layer.joint ?? [{ ...layer, window: { kernel, stride, padding }, step: 1 }];
    return parts.flatMap((input, k) =>
      input.from === index ? [{ index: i, part: layer.joint ? k : undefined, input }] : [],
    );
  });
  const [first] = takers;
  if (!first) return undefined;
  if (takers.length === 1 && first.part === undefined) return { kind: 'one', taker: first.index };
  const { before } = first.input;
  const windows = takers.map(({ input: { window, step } }) =>
    step > 1 ? { ...onePixel, stride: step } : window,
  );
  const window = commonWindow(windows);
  const { output } = layers[first.index]!;
  const fits = takers.every(
    ({ index: i, input }) =>
      isBits(input) &&
      maxPoolSize(input.before) === maxPoolSize(before) &&
      input.before.maxPools[0]?.gated === before.maxPools[0]?.gated &&
      !layers[i]!.last &&
      isSameSize(layers[i]!.output, output),
  );
  if (!window || !fits) return undefined;
  return {
    kind: 'several',
    window,
    takers: takers.map(({ index: i, part }, k) => {
      const own = windows[k]!;
      return { index: i, part, window: own, tap: window.padding - own.padding };
    }),
  };
}
