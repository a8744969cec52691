import { UserError, type Ann, type PixelRange } from '@privatesnn/core';

import { resolveClassNames, resolveInputRange, type Description } from '../description.js';
import { statisticsMember } from '../statistics.js';
import { emitLayers, type Emitted } from './emit.js';
import { viewText } from './feature.js';
import { joinSteps } from './join.js';
import { expectClasses } from './logits.js';
import { inOrder, type AffineStep, type Feature, type Step } from './step.js';
import { isFlat } from './view.js';

/** What a file's graph became. */
export interface Steps {
  /** Undefined where it does not come from the image. */
  readonly output: Feature | undefined;
  readonly input: Feature;
  /** The name of its output, for messages. */
  readonly outputName: string;
  readonly remarks: readonly string[];
}

/** What comparing a network with its file needs. */
export interface Probe {
  readonly file: string;
  /** The image, as the file's input sees it. */
  readonly input: Feature;
  /** The range of the file's images; the network's own are scale · x + shift of them. */
  readonly range: PixelRange;
  readonly scale: number;
  readonly shift: number;
  /** What the file makes of the logits, and the network does not. */
  readonly end: Emitted['end'];
}

/** A network, and what its user should know of how it was read. */
export interface Network {
  readonly ann: Ann;
  readonly remarks: readonly string[];
  readonly probe: Probe;
}

/**
 * Joins steps to layers: a network in core's contract. Weights of the steps are written to. Where images are scaled and
 * shifted first, all channels alike, the range of the pixels becomes another instead.
 *
 * @param name of the architecture
 * @param fits a range of pixels that the file tells by itself
 * @throws UserError where its output is no vector of logits, or no network of spiking neurons computes it
 */
export function networkOf(
  { output, input, outputName, remarks }: Steps,
  options: Description,
  { name, file, fits }: { name: string; file: string; fits?: PixelRange | undefined },
): Network {
  if (!output || output.step.kind === 'input') {
    throw new UserError(
      'data',
      'MODEL_ENDS',
      `The output "${outputName}" of ${file} does not come from the image.`,
      {
        hint: 'Save the network with an image as its input and the logits as its output.',
        place: { file },
      },
    );
  }
  if (!isFlat(output.view)) {
    throw new UserError(
      'data',
      'MODEL_ENDS',
      `The output "${outputName}" of ${file} is ${viewText(output.view)}, but must be one number for each class.`,
      { hint: 'Take a classifier; detection and segmentation are not read.', place: { file } },
    );
  }
  expectClasses(output.step.shape, file);
  const { scale, shift } = takeScaling(input.step, output.step);
  const network = emitLayers({ ...output, step: joinSteps(output.step) }, input.step, name, file);
  const { architecture, parameters, statistics } = network;
  const given = options.inputRange ?? (options.normalisation ? undefined : fits);
  const told = resolveInputRange({ ...options, inputRange: given }, file);
  const [low, high] = told.inputRange;
  const ann: Ann = {
    type: 'ann',
    architecture,
    parameters,
    inputRange: [low * scale + shift, high * scale + shift],
    classNames: resolveClassNames(options.classNames, architecture.classes, file),
    ...statisticsMember(statistics),
  };
  return {
    ann,
    remarks: [...remarks, ...network.remarks, ...told.remarks],
    probe: { file, input, range: told.inputRange, scale, shift, end: network.end },
  };
}

/** Takes the steps off that scale the image, all channels by one positive factor; what they are together. */
function takeScaling(input: Step, output: Step): { scale: number; shift: number } {
  let [scale, shift] = [1, 0];
  for (;;) {
    const steps = inOrder(output);
    const [first, ...more] = steps.filter(({ inputs }) => inputs.includes(input));
    if (!first || more.length > 0 || first === output || !isUniform(first)) return { scale, shift };
    const [by, add] = [first.scale[0]!, first.shift[0]!];
    [scale, shift] = [by * scale, by * shift + add];
    for (const step of steps) {
      step.inputs = step.inputs.map((one) => (one === first ? input : one));
    }
  }
}

function isUniform(step: Step): step is AffineStep {
  if (step.kind !== 'affine') return false;
  const { scale, shift } = step;
  const same = (values: Float64Array) => values.every((value) => value === values[0]);
  return scale[0]! > 0 && same(scale) && same(shift);
}
