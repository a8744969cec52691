import { z } from 'zod';

import type { Padding } from '../steps/step.js';
import {
  activation,
  axis,
  dataFormat,
  flag,
  flat,
  harmless,
  kernels,
  only,
  padding,
  pair,
  settings,
  side,
  sides,
  size,
  trained,
} from './setting.js';

const convolution = {
  ...kernels,
  kernel_size: pair,
  strides: pair.default([1, 1]),
  padding,
  data_format: dataFormat,
  dilation_rate: pair.default([1, 1]),
  rank: only([2], 'A convolution of images has two dimensions.'),
};
const depthwise = {
  ...convolution,
  ...trained('depthwise', 'pointwise'),
  depth_multiplier: size.default(1),
  groups: only([1], 'Its groups are its channels.'),
};
const pooling = {
  pool_size: pair.default([2, 2]),
  strides: pair.nullish(),
  padding,
  data_format: dataFormat,
};
const globalPooling = { data_format: dataFormat, keepdims: flag(false) };
/** Settings of what acts in training only: none changes a result. */
const passive = (keys: readonly string[]) =>
  settings(Object.fromEntries(keys.map((key) => [key, harmless])));
const augmentation = passive([
  'data_format',
  'factor',
  'fill_mode',
  'fill_value',
  'height_factor',
  'interpolation',
  'mode',
  'seed',
  'value_range',
  'width_factor',
]);
const plainRelu =
  'Train the network with ReLU: a spiking neuron here gives nothing for negative input.';
const sums = settings({});

/**
 * What is known of each setting of the layer types that can be converted, as Keras 2, Keras 3 and TensorFlow.js write
 * them: the reader looks at it, it changes no result (`harmless`), or it must have one value. A setting that is none of
 * these is an error, since it may change what the network computes.
 */
export const layerSettings = {
  InputLayer: settings({
    sparse: only([false, null], 'Build the network with a dense input.'),
    ragged: only([false, null], 'Build the network with a dense input.'),
    optional: only([false, null], 'Build the network with an input that is not optional.'),
  }),
  Conv2D: settings({ ...convolution, filters: size, groups: size.default(1) }),
  DepthwiseConv2D: settings({ ...depthwise, filters: harmless }),
  SeparableConv2D: settings({ ...depthwise, filters: size }),
  Dense: settings({ ...kernels, units: size }),
  BatchNormalization: settings({
    axis: axis.default(-1),
    epsilon: z.number().min(0).default(1e-3),
    center: flag(true),
    scale: flag(true),
    momentum: harmless,
    synchronized: harmless,
    fused: harmless,
    ...trained('beta', 'gamma', 'moving_mean', 'moving_variance'),
    renorm: only([false, null], 'Build the network without batch renormalization.'),
    renorm_clipping: harmless,
    renorm_momentum: harmless,
    virtual_batch_size: only([null], 'Build the network without virtual batches.'),
    adjustment: only([null], 'Build the network without an adjustment.'),
  }),
  Normalization: settings({
    axis: z.union([z.null(), z.tuple([]).transform(() => null), axis]).default(-1),
    mean: flat.nullish(),
    variance: flat.nullish(),
    invert: only([false, null], 'Build the network without "invert".'),
  }),
  Rescaling: settings({ scale: flat, offset: flat.default([0]) }),
  Activation: settings({ activation }),
  ReLU: settings({
    max_value: z.number().positive('It must be above 0.').nullish(),
    negative_slope: only([0, [0], null], plainRelu),
    threshold: only([0, [0], null], plainRelu),
  }),
  Softmax: settings({ axis: axis.default(-1) }),
  AveragePooling2D: settings(pooling),
  MaxPooling2D: settings(pooling),
  GlobalAveragePooling2D: settings(globalPooling),
  GlobalMaxPooling2D: settings(globalPooling),
  ZeroPadding2D: settings({
    padding: z
      .union([side.transform((pixels) => [pixels, pixels] as const), z.tuple([sides, sides])], {
        error: 'It must be one whole number, two, or two for each side.',
      })
      .default([1, 1])
      .transform(([rows, columns]): Padding => {
        const both = (one: number | readonly [number, number]) =>
          typeof one === 'number' ? ([one, one] as const) : one;
        return [...both(rows), ...both(columns)];
      }),
    data_format: dataFormat,
  }),
  Flatten: settings({ data_format: dataFormat }),
  Reshape: settings({ target_shape: z.array(z.int()) }),
  Permute: settings({ dims: z.array(z.int()) }),
  Add: sums,
  Average: sums,
  Concatenate: settings({ axis: axis.default(-1) }),
  Identity: settings({}),
  Dropout: passive(['rate', 'noise_shape', 'seed']),
  SpatialDropout2D: passive(['rate', 'data_format', 'seed', 'noise_shape']),
  AlphaDropout: passive(['rate', 'noise_shape', 'seed']),
  GaussianDropout: passive(['rate', 'seed']),
  GaussianNoise: passive(['stddev', 'seed']),
  ActivityRegularization: passive(['l1', 'l2']),
  RandomFlip: augmentation,
  RandomRotation: augmentation,
  RandomTranslation: augmentation,
  RandomZoom: augmentation,
  RandomBrightness: augmentation,
  RandomContrast: augmentation,
  'ops.Add': sums,
  'ops.Relu': sums,
  'ops.Relu6': sums,
} as const;

export type LayerType = keyof typeof layerSettings;
export type Settings<T extends LayerType> = z.output<(typeof layerSettings)[T]>;

/** Whether settings of layers of that class are known. */
export const isKnown = (className: string): className is LayerType =>
  Object.hasOwn(layerSettings, className);

/** What a layer may be told where it is called: nothing that makes it behave as in training. */
export const callArguments = z
  .object({
    training: only([false, null], 'Build the network without training=True, and save it again.'),
  })
  .catchall(z.null('Build the network without it, and save it again.'));
