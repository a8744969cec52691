import type { Attributes } from './attributes.js';
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
  /** Whether "auto_pad" asks for less than no padding: its windows leave pixels out at a border, at which is not said. */
  readonly leavesOut: boolean;
  /** Height and width of the output. */
  readonly output: Pair;
}

/** Pixels that a window covers, in one direction. */
export const extent = (size: number, dilation: number) => (size - 1) * dilation + 1;

/**
 * The window that strides, pads, dilations, auto_pad and ceil_mode give.
 *
 * @param size the attribute "kernel_shape", or the kernel's
 * @returns what is wrong with it, in words, where no such window can be
 */
export function readWindow(
  attributes: Attributes,
  size: readonly number[],
  input: Pair,
): Window | string {
  if (size.length !== 2)
    return `its kernel has ${size.length} dimensions; only images, with 2, are read`;
  const stride = attributes.ints('strides') ?? [1, 1];
  const dilation = attributes.ints('dilations') ?? [1, 1];
  const pads = attributes.ints('pads');
  const auto = attributes.text('auto_pad', 'NOTSET');
  const ceil = attributes.int('ceil_mode', 0) !== 0;
  for (const [what, values, least] of [
    ['kernel_shape', size, 1],
    ['strides', stride, 1],
    ['dilations', dilation, 1],
    ['pads', pads ?? [0, 0, 0, 0], 0],
  ] as const) {
    const count = what === 'pads' ? 4 : 2;
    if (values.length !== count)
      return `"${what}" should have ${count} numbers, but has ${values.length}`;
    const wrong = values.find((value) => value < least || value > largest);
    if (wrong !== undefined)
      return `"${what}" has the number ${wrong}; it must be ${least} or more, and at most ${largest}`;
  }
  if (!['NOTSET', 'VALID', 'SAME_UPPER', 'SAME_LOWER'].includes(auto)) {
    return `"auto_pad" is ${JSON.stringify(auto)}`;
  }
  const sides = [0, 1].map((d) => {
    const covered = extent(size[d]!, dilation[d]!);
    const step = stride[d]!;
    let [before, after, leavesOut] = [pads?.[d] ?? 0, pads?.[d + 2] ?? 0, false];
    if (auto !== 'NOTSET') [before, after] = [0, 0];
    if (auto.startsWith('SAME')) {
      const wanted = Math.ceil(input[d]! / step);
      const missing = (wanted - 1) * step + covered - input[d]!;
      const total = Math.max(0, missing);
      leavesOut = missing < 0;
      const [small, large] = [Math.floor(total / 2), Math.ceil(total / 2)];
      [before, after] = auto === 'SAME_UPPER' ? [small, large] : [large, small];
    }
    const room = input[d]! + before + after - covered;
    let more = 0;
    // A window more, unless it would begin beyond the image and the padding before it.
    if (ceil && room % step !== 0) {
      const start = Math.ceil(room / step) * step;
      if (start < input[d]! + before) more = start - room;
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
    size: [size[0]!, size[1]!],
    stride: [stride[0]!, stride[1]!],
    dilation: [dilation[0]!, dilation[1]!],
    padding: [rows.before, rows.after, columns.before, columns.after],
    overhang: [rows.more, columns.more],
    leavesOut: rows.leavesOut || columns.leavesOut,
    output: [rows.output, columns.output],
  };
}

/** Beyond it, a window is a mistake: no image is as large. */
const largest = 65_536;
