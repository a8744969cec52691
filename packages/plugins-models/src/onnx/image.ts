import { UserError } from '@privatesnn/core';

import type { Graph } from './graph.js';
import type { PortMessage } from './model-file.js';
import type { Feature } from '../steps/step.js';
import { viewOf, type Axis, type Shape } from '../steps/view.js';

/** The image that a network takes, as a value of its graph. */
export interface ImageInput {
  readonly feature: Feature;
  /** Images in a batch, where the file fixes it. */
  readonly batchSize: number | undefined;
  /** Axes of the ONNX input after the first: which of the image's each of its dimensions holds. */
  readonly remarks: readonly string[];
}

/**
 * Finds out what image the input is: [image, channels, height, width], as PyTorch has it; [image, height, width,
 * channels] where the network begins by a transpose of that; or a vector.
 *
 * @param given the option "inputShape"
 * @throws UserError where sizes are missing, or the option contradicts the file
 */
export function imageInput(graph: Graph, given: Shape | null | undefined): ImageInput {
  const { file, input } = graph;
  const [batchSize, ...sizes] = input.shape ?? [undefined, undefined, undefined, undefined];
  const fault = (what: string, hint: string) =>
    new UserError('configuration', 'MODEL_INPUT', `The input "${input.name}" of ${file} ${what}.`, {
      hint,
      place: { file },
      option: 'inputShape',
    });
  const text = dimensionsText(input);
  if (sizes.length === 1 || sizes.length === 3) {
    const axes = axesOf(graph, sizes, given);
    const shape = given ?? shapeFrom(axes, sizes);
    if (!shape) {
      throw fault(
        `is ${text}, which does not say the image`,
        'Give "inputShape": height, width and channels, such as [32, 32, 3].',
      );
    }
    const view = sizes.length === 3 ? viewOf(shape, axes) : [viewOf(shape, axes).flat()];
    const wanted =
      sizes.length === 3
        ? axes.map((axis) => sizeOfAxis(shape, axis))
        : [shape[0] * shape[1] * shape[2]];
    if (sizes.some((size, at) => size !== undefined && size !== wanted[at])) {
      throw fault(
        `is ${text}, but "inputShape" is ${shape.join(' × ')}`,
        'Correct "inputShape" (height, width, channels), or leave it out.',
      );
    }
    const remarks =
      sizes.length === 1 && shape[2] > 1
        ? [
            `${file} takes vectors: they are taken as images that were flattened with the channels first, as PyTorch does.`,
          ]
        : [];
    const step = { kind: 'input' as const, node: undefined, inputs: [], shape };
    return { feature: { kind: 'feature', step, view }, batchSize, remarks };
  }
  throw fault(
    `is ${text}; images were expected, [images, channels, height, width]`,
    'Take a classifier of images.',
  );
}

const sizeOfAxis = ([height, width, channels]: Shape, axis: Axis) =>
  ({ h: height, w: width, c: channels })[axis];

const first: readonly Axis[] = ['c', 'h', 'w'];
const last: readonly Axis[] = ['h', 'w', 'c'];

/** Which axis each dimension of the input holds. */
function axesOf(
  graph: Graph,
  sizes: readonly (number | undefined)[],
  given: Shape | null | undefined,
) {
  if (sizes.length === 3 && beginsByTranspose(graph)) return last;
  const fits = (axes: readonly Axis[]) =>
    axes.every((axis, at) => sizes[at] === undefined || sizes[at] === sizeOfAxis(given!, axis));
  // A network that flattens at once does not tell; the option does, if the sizes differ.
  if (sizes.length === 3 && given && !fits(first) && fits(last)) return last;
  return first;
}

function shapeFrom(
  axes: readonly Axis[],
  sizes: readonly (number | undefined)[],
): Shape | undefined {
  if (sizes.length !== 3) return undefined;
  const size = (axis: Axis) => sizes[axes.indexOf(axis)];
  const [height, width, channels] = [size('h'), size('w'), size('c')];
  return height && width && channels ? [height, width, channels] : undefined;
}

/** Operators before which and after which an image has the same axes. */
const samePixels = new Set(['Identity', 'Cast', 'Add', 'Sub', 'Mul', 'Div', 'Dropout', 'Pad']);

function beginsByTranspose({ input, nodes }: Graph): boolean {
  let name = input.name;
  for (const node of nodes) {
    if (!node.inputs.includes(name)) continue;
    const permutation = node.attributes.get('perm');
    if (node.op === 'Transpose')
      return Array.isArray(permutation) && permutation.join() === '0,3,1,2';
    if (!samePixels.has(node.op)) return false;
    name = node.outputs[0] ?? '';
  }
  return false;
}

function dimensionsText({ shape }: PortMessage): string {
  return shape ? `[${shape.map((size) => size ?? '?').join(', ')}]` : 'of no known shape';
}
