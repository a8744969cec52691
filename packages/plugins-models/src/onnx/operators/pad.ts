import { axisOf, rankOf, sameAs, shaped } from '../../steps/feature.js';
import { padStep } from '../../steps/pool.js';
import { refuse } from '../../steps/refusal.js';
import { type Operator, exportAgain, feature, imageAxes, numberOf, wholeOf } from '../operation.js';
import { viewOf } from '../../steps/view.js';

/** Zeros around the image, or channels of zeros. */
export const pad: Operator = (operation) => {
  const { attributes, node } = operation;
  const mode = attributes.text('mode', 'constant');
  const value = numberOf(operation, 'value', 2, 0);
  const input = feature(operation);
  const pads = wholeOf(operation, 'pads', 1) ?? [];
  const axes = wholeOf(operation, 'axes', 3) ?? Array.from({ length: rankOf(input) }, (_, i) => i);
  if (pads.length !== 2 * axes.length) {
    throw refuse(
      operation,
      `"pads" has ${pads.length} numbers for ${axes.length} axes`,
      exportAgain,
    );
  }
  if (pads.every((pixels) => pixels === 0)) return input;
  if (mode !== 'constant' || value !== 0) {
    throw refuse(
      operation,
      mode === 'constant' ? `it pads with ${value}` : `it pads with the mode "${mode}"`,
      'Pad with zeros: padding_mode="zeros" in PyTorch.',
    );
  }
  const wrong = pads.find((pixels) => pixels < 0 || pixels > 65_536);
  if (wrong !== undefined) {
    throw refuse(
      operation,
      `it pads by ${wrong} pixels`,
      'Pad by 0 or more; crop images before the network.',
    );
  }
  const { step } = input;
  const dimensions = imageAxes(operation);
  const around = { c: [0, 0], h: [0, 0], w: [0, 0] };
  for (const [i, axis] of axes.entries()) {
    const at = axisOf(operation, axis, rankOf(input));
    const both = [pads[i]!, pads[i + axes.length]!];
    if (at === 0 && both.some((pixels) => pixels > 0)) {
      throw refuse(operation, 'it adds images to the batch', exportAgain);
    }
    if (at > 0) around[dimensions[at - 1]!] = both;
  }
  const [[before, after], [top, bottom], [left, right]] = [around.c, around.h, around.w] as [
    [number, number],
    [number, number],
    [number, number],
  ];
  let last = padStep(operation, step, [top, bottom, left, right]);
  if (before + after > 0) {
    const shape = shaped(last.shape[0], last.shape[1], before + last.shape[2] + after);
    last = { kind: 'shortcut', node, inputs: [last], shape, stride: [1, 1], before, after };
  }
  return sameAs(viewOf(last.shape, dimensions), last);
};
