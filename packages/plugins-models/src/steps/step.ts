import type { Shape, View } from './view.js';

/*
 * The network between a file's graph and ours: steps that each do one thing, on channels-last values. Steps are joined
 * to layers afterwards (join.ts).
 */

/** What a step came from in its file, for names and messages. */
export interface Origin {
  readonly noun: 'node' | 'layer';
  /** May be empty. */
  readonly name: string;
  /** The operator, or the class of the layer. */
  readonly op: string;
  /** Names of what it gives, where the file has such. */
  readonly outputs: readonly string[];
}

/** [top, bottom, left, right] */
export type Padding = readonly [number, number, number, number];
export type Pair = readonly [height: number, width: number];

interface Base {
  /** What it came from; the graph's input has none. */
  readonly node: Origin | undefined;
  /** Of its output. */
  readonly shape: Shape;
  inputs: Step[];
}

export interface InputStep extends Base {
  readonly kind: 'input';
}
/** A convolution, without a non-linearity. */
export interface ConvStep extends Base {
  readonly kind: 'conv';
  /** [kernel height, kernel width, channels in / groups, channels out]; its own, may be written to. */
  readonly weight: Float32Array;
  /** The name of the weights in the file. */
  readonly weightName: string;
  bias: Float64Array | undefined;
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly dilation: Pair;
  padding: Padding;
  readonly groups: number;
  /** Mean and variance of the output over the training data, where batch normalisation told them. */
  statistics?: Statistics;
}
export interface DenseStep extends Base {
  readonly kind: 'dense';
  /** [inputs in the order height, width, channel; outputs]; its own, may be written to. */
  readonly weight: Float32Array;
  readonly weightName: string;
  bias: Float64Array | undefined;
  statistics?: Statistics;
}
/** x · scale + shift, by channel. */
export interface AffineStep extends Base {
  readonly kind: 'affine';
  readonly scale: Float64Array;
  readonly shift: Float64Array;
  readonly statistics?: Statistics | undefined;
}
/** max(low, min(high, x)) */
export interface ClipStep extends Base {
  readonly kind: 'clip';
  readonly low: number;
  readonly high: number;
}
export interface PoolStep extends Base {
  readonly kind: 'average-pool' | 'max-pool';
  readonly size: Pair;
  readonly stride: Pair;
  padding: Padding;
  /** Whether an average counts padded pixels. */
  countPadded: boolean;
}
/** Zero pixels around the image. */
export interface PadStep extends Base {
  readonly kind: 'pad';
  readonly padding: Padding;
}
/** Every so many-th row and column, with zero channels before and after. */
export interface ShortcutStep extends Base {
  readonly kind: 'shortcut';
  readonly stride: Pair;
  readonly before: number;
  readonly after: number;
}
export interface AddStep extends Base {
  readonly kind: 'add';
}
/** Of channels. */
export interface ConcatStep extends Base {
  readonly kind: 'concat';
}
/** Softmax over the classes, which only the end of a network may have. */
export interface SoftmaxStep extends Base {
  readonly kind: 'softmax';
}

export type Step =
  | InputStep
  | ConvStep
  | DenseStep
  | AffineStep
  | ClipStep
  | PoolStep
  | PadStep
  | ShortcutStep
  | AddStep
  | ConcatStep
  | SoftmaxStep;

export interface Statistics {
  readonly mean: Float32Array;
  readonly variance: Float32Array;
}

/** The steps that the last one needs, each after its inputs. */
export function inOrder(last: Step): Step[] {
  const found = new Set<Step>();
  const open: { readonly step: Step; next: number }[] = [{ step: last, next: 0 }];
  while (open.length > 0) {
    const top = open.at(-1)!;
    const input = top.step.inputs[top.next++];
    if (input === undefined) {
      found.add(top.step);
      open.pop();
    } else if (!found.has(input)) {
      open.push({ step: input, next: 0 });
    }
  }
  return [...found];
}

/** What a value of a file's graph is: a step's output as the file sees it. */
export interface Feature {
  readonly kind: 'feature';
  readonly step: Step;
  readonly view: View;
}
