import { UserError } from '@privatesnn/core';

import type { Feature } from '../steps/step.js';
import { dimensions, sizeOf, viewOf, type Shape } from '../steps/view.js';
import type { KerasLayer, KerasModel } from './model.js';
import { axesOf, type DataFormat } from './operation.js';

/** The image that a network takes. */
export interface ImageInput {
  readonly feature: Feature;
  /** Images in a batch, where the file fixes it. */
  readonly batchSize: number | undefined;
  readonly remarks: readonly string[];
}

/**
 * Finds out what image the input is: [image, height, width, channels], or channels first where the first layer with an
 * order has that; [image, height, width]; or a vector.
 *
 * @param given the option "inputShape"
 * @throws UserError where sizes are missing, or the option contradicts the file
 */
export function imageInput(
  model: KerasModel,
  given: Shape | null | undefined,
  file: string,
): ImageInput {
  const told = inputShape(model);
  const fault = (what: string, hint: string) =>
    new UserError('configuration', 'MODEL_INPUT', `The input of ${file} ${what}.`, {
      hint,
      place: { file },
      option: 'inputShape',
    });
  const text = JSON.stringify(told ?? null);
  const isSize = (value: unknown) =>
    value === null || (Number.isInteger(value) && Number(value) > 0);
  if (!told?.every(isSize) || told.length < 2 || told.length > 4) {
    throw fault(
      `has the shape ${text}, but should be [null, height, width, channels]`,
      'Save the model with an image, or a vector, as its input.',
    );
  }
  const [batchSize, ...sizes] = told as (number | null)[];
  const axes = axesOf(sizes.length === 3 ? formatOf(model, sizes, given) : 'channels_last');
  const size = (axis: 'h' | 'w' | 'c') =>
    axis === 'c' && sizes.length === 2 ? 1 : sizes[axes.indexOf(axis)];
  const [height, width, channels] = [size('h'), size('w'), size('c')];
  const whole = sizes.length > 1 && height && width && channels;
  const shape = given ?? (whole ? ([height, width, channels] as const) : undefined);
  if (!shape) {
    throw fault(
      `has the shape ${text}, which does not say the image`,
      'Give "inputShape": height, width and channels, such as [32, 32, 3].',
    );
  }
  const view =
    sizes.length === 1 ? [viewOf(shape, axes).flat()] : viewOf(shape, axes.slice(0, sizes.length));
  const wanted = sizes.length === 2 ? [shape[0], shape[1]] : dimensions(view, shape);
  const lacks = sizes.length === 2 && sizeOf(shape, 'c') !== 1;
  if (lacks || sizes.some((one, at) => one !== null && one !== wanted[at])) {
    throw fault(
      `has the shape ${text}, but "inputShape" is ${shape.join(' × ')}`,
      'Correct "inputShape" (height, width, channels), or leave it out.',
    );
  }
  const remarks =
    sizes.length === 1 && shape[2] > 1
      ? [
          `${file} takes vectors: they are taken as images that were flattened with the channels last.`,
        ]
      : [];
  const step = { kind: 'input', node: undefined, shape, inputs: [] } as const;
  return {
    feature: { kind: 'feature', step: { ...step, inputs: [] }, view },
    batchSize: batchSize ?? undefined,
    remarks,
  };
}

/** What the layer that takes the input says of its shape, in nested models too. */
function inputShape({ layers, input }: KerasModel): readonly unknown[] | undefined {
  const layer = input === undefined ? layers[0]! : layers.find(({ name }) => name === input);
  return layer?.inputShapes[0] ?? (layer?.model && inputShape(layer.model));
}

/** Layers that take images in one order alone. */
const ordered = /^((Depthwise|Separable)?Conv2D|(Global)?(Average|Max)(Pooling2D)|ZeroPadding2D)$/;

/**
 * The order of the images: that of the first layer that takes one order alone, else where the channels are that the
 * first batch normalisation has; else, where nothing tells, channels last, unless only the other fits the option.
 */
function formatOf(
  model: KerasModel,
  sizes: readonly (number | null)[],
  given: Shape | null | undefined,
): DataFormat {
  for (const { className, config } of layersOf(model)) {
    if (className === 'Permute') {
      // What is channels last behind it was channels first before it, and the other way round.
      return String(config['dims']) === '2,3,1' ? 'channels_first' : 'channels_last';
    }
    const format = config['data_format'];
    if (ordered.test(className) && format === 'channels_first') return format;
    if (ordered.test(className)) return 'channels_last';
    if (className === 'BatchNormalization' && ['1', '-3'].includes(String(config['axis'])))
      return 'channels_first';
  }
  const fits = (format: DataFormat) =>
    !given || axesOf(format).every((axis, at) => [null, sizeOf(given, axis)].includes(sizes[at]!));
  return fits('channels_last') || !fits('channels_first') ? 'channels_last' : 'channels_first';
}

function* layersOf(model: KerasModel): Generator<KerasLayer> {
  for (const layer of model.layers) {
    if (layer.model) yield* layersOf(layer.model);
    else yield layer;
  }
}
