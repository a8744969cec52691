import type { Pair } from '../steps/step.js';
import { windowOver, type Window, type WindowSettings } from '../steps/window.js';
import type { Attributes } from './attributes.js';

const autoPads: Readonly<Record<string, WindowSettings['padding']>> = {
  VALID: 'none',
  SAME_UPPER: 'same',
  SAME_LOWER: 'same-before',
};

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
  const pads = attributes.ints('pads') ?? [0, 0, 0, 0];
  const auto = attributes.text('auto_pad', 'NOTSET');
  const ceil = attributes.int('ceil_mode', 0) !== 0;
  for (const [what, values, least] of [
    ['kernel_shape', size, 1],
    ['strides', stride, 1],
    ['dilations', dilation, 1],
    ['pads', pads, 0],
  ] as const) {
    const count = what === 'pads' ? 4 : 2;
    if (values.length !== count)
      return `"${what}" should have ${count} numbers, but has ${values.length}`;
    const wrong = values.find((value) => value < least || value > largest);
    if (wrong !== undefined)
      return `"${what}" has the number ${wrong}; it must be ${least} or more, and at most ${largest}`;
  }
  if (auto !== 'NOTSET' && !Object.hasOwn(autoPads, auto)) {
    return `"auto_pad" is ${JSON.stringify(auto)}`;
  }
  const pair = (values: readonly number[]): Pair => [values[0]!, values[1]!];
  const [top, left, bottom, right] = pads as [number, number, number, number];
  return windowOver(
    {
      size: pair(size),
      stride: pair(stride),
      dilation: pair(dilation),
      padding: autoPads[auto] ?? [top, bottom, left, right],
      ceil,
    },
    input,
  );
}

/** Beyond it, a window is a mistake: no image is as large. */
const largest = 65_536;
