import type { Padding, Pair } from './step.js';

/** A window that moves over an image: of a convolution or a pooling. */
export interface Window {
  readonly size: Pair;
  readonly stride: Pair;
  readonly dilation: Pair;
  /** Pixels around the image; more at the end where "ceil_mode" takes one window more. */
  readonly padding: Padding;
  /** The part of it that "ceil_mode" added: at the bottom, to the right. */
  readonly overhang: Pair;
  /** Whether the output's size asks for less than no padding: the windows leave pixels out at the end. */
  readonly leavesOut: boolean;
  /** Height and width of the output. */
  readonly output: Pair;
}

/** How a file gives a window. */
export interface WindowSettings {
  readonly size: Pair;
  readonly stride: Pair;
  readonly dilation: Pair;
  /**
   * Pixels around the image, or how many there are: none, or so many that a stride of 1 keeps the size of the image, the
   * odd one at the end or at the beginning.
   */
  readonly padding: Padding | 'none' | 'same' | 'same-before';
  /** Whether a window more is taken where pixels are left. */
  readonly ceil?: boolean;
}

/** Pixels that a window covers, in one direction. */
const extent = (size: number, dilation: number) => (size - 1) * dilation + 1;

/**
 * The window over an image of that height and width.
 *
 * @returns what is wrong with it, in words, where no such window can be
 */
export function windowOver(settings: WindowSettings, input: Pair): Window | string {
  const { size, stride, dilation, padding, ceil = false } = settings;
  const sides = ([0, 1] as const).map((d) => {
    const covered = extent(size[d], dilation[d]);
    const step = stride[d];
    let [before, after, leavesOut] = [0, 0, false];
    if (typeof padding === 'object') {
      [before, after] = [padding[2 * d]!, padding[2 * d + 1]!];
    } else if (padding !== 'none') {
      const wanted = Math.ceil(input[d] / step);
      const missing = (wanted - 1) * step + covered - input[d];
      const total = Math.max(0, missing);
      leavesOut = missing < 0;
      const [small, large] = [Math.floor(total / 2), Math.ceil(total / 2)];
      [before, after] = padding === 'same' ? [small, large] : [large, small];
    }
    const room = input[d] + before + after - covered;
    let more = 0;
    // A window more, unless it would begin beyond the image and the padding before it.
    if (ceil && room % step !== 0) {
      const start = Math.ceil(room / step) * step;
      if (start < input[d] + before) more = start - room;
    }
    return {
      before,
      after: after + more,
      more,
      leavesOut,
      output: Math.floor((room + more) / step) + 1,
    };
  });
  const [rows, columns] = [sides[0]!, sides[1]!];
  if (rows.output < 1 || columns.output < 1) {
    return `its window of ${size.join(' × ')} is larger than the image of ${input.join(' × ')} with its padding`;
  }
  return {
    size,
    stride,
    dilation,
    padding: [rows.before, rows.after, columns.before, columns.after],
    overhang: [rows.more, columns.more],
    leavesOut: rows.leavesOut || columns.leavesOut,
    output: [rows.output, columns.output],
  };
}
