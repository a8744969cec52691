import type { SquareWindow } from '@privatesnn/core';

import { noTransition, oneTap, type Plan, type PlannedInput, type PlannedLayer } from './plan.js';

/**
 * Training sees a layer with two inputs as one convolution of both, side by side: the channels of the second behind those
 * of the first, the smaller window in the middle of the larger one, with zeros around.
 */
export interface JointPart extends PlannedInput {
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
  /** Which of its two parts; undefined where it has one input. */
  readonly part: number | undefined;
  readonly window: SquareWindow;
  /** Where its window begins in the one of all. */
  readonly tap: number;
}

/** A plan as training sees it, with a way back to every layer but the last. */
export interface TrainingPlan {
  readonly plan: Plan;
  readonly ways: readonly Way[];
}

/** @returns undefined where the kernels have no gradients */
export function trainingPlan(plan: Plan): TrainingPlan | undefined {
  const layers = plan.layers.map((layer) => (layer.beside ? jointLayer(layer) : layer));
  if (!layers.every((layer) => layer !== undefined)) return undefined;
  // What the read-out sends is the same at all time-steps, and comes first.
  const last = layers.length - 1;
  if (layers[last]!.from !== last - 1) return undefined;
  const ways = layers.slice(0, -1).map((_, index) => wayBack(layers, index));
  if (!ways.every((way) => way !== undefined)) return undefined;
  return { plan: { ...plan, layers }, ways };
}

/** Bits of a word. */
const word = 32;

function jointLayer(layer: PlannedLayer): PlannedLayer | undefined {
  const both = [layer, layer.beside!] as const;
  if (!both.every(isPlain)) return undefined;
  const alike = both[0].stride === both[1].stride && isSameSize(both[0].input, both[1].input);
  const parts = alike ? both.map((input) => ({ ...input, step: 1 })) : both.map(stepped(layer));
  const [a, b] = parts as [PlannedInput & { step: number }, PlannedInput & { step: number }];
  const window = commonWindow([a, b]);
  if (!window || !isSameSize(a.input, b.input)) return undefined;
  const second = Math.ceil(a.input.channels / word) * word;
  const input = { ...a.input, channels: second + b.input.channels };
  const { name, output, bias, last, from, counted } = layer;
  return {
    ...{ name, output, bias, last, from, counted, place: 0, offset: 0 },
    ...{ before: noTransition, source: input, input, ...window, weighted: name },
    joint: [
      { ...a, first: 0, tap: window.padding - a.padding },
      { ...b, first: second, tap: window.padding - b.padding },
    ],
  };
}

/** Whether nothing lies before it that bits cannot hold. */
function isPlain({ before }: PlannedInput): boolean {
  return before.averagePool === 1 && !before.flat && before.dropouts.length === 0;
}

/** A window of one pixel as one of a smaller picture, of the pixels alone that it takes. */
function stepped({ output }: PlannedLayer) {
  return (input: PlannedInput): PlannedInput & { readonly step: number } => {
    const { kernel, padding, stride } = input;
    if (kernel > 1 || padding > 0) return { ...input, step: 1 };
    const size = { ...input.input, height: output.height, width: output.width };
    return { ...input, input: size, ...oneTap, step: stride };
  };
}

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
    const inputs: readonly (PlannedInput | JointPart)[] = layer.joint ?? [layer];
    return inputs.flatMap((input, k) =>
      input.from === index ? [{ index: i, part: layer.joint ? k : undefined, input }] : [],
    );
  });
  const [first] = takers;
  if (!first) return undefined;
  if (takers.length === 1 && first.part === undefined) return { kind: 'one', taker: first.index };
  const { maxPool, gated } = first.input.before;
  const windows = takers.map(({ input }) =>
    'step' in input && input.step > 1 ? { ...oneTap, stride: input.step } : input,
  );
  const window = commonWindow(windows);
  const { output } = layers[first.index]!;
  const fits = takers.every(
    ({ index: i, input }) =>
      isPlain(input) &&
      input.before.maxPool === maxPool &&
      input.before.gated === gated &&
      !layers[i]!.last &&
      isSameSize(layers[i]!.output, output),
  );
  if (!window || !fits) return undefined;
  return {
    kind: 'several',
    window,
    takers: takers.map(({ index: i, part }, k) => {
      const { kernel, stride, padding } = windows[k]!;
      const tap = window.padding - padding;
      return { index: i, part, window: { kernel, stride, padding }, tap };
    }),
  };
}
