import { z } from 'zod';

/** A setting that no converted network depends on: it acts in training only, or names things. */
const harmless = z.unknown().optional();

/** A setting that must have one of the given values; what to do otherwise goes into the hint. */
const only = (values: readonly unknown[], wayOut: string) =>
  z
    .unknown()
    .refine((value) => values.some((one) => JSON.stringify(one) === JSON.stringify(value)), {
      message: wayOut,
    })
    .optional();

const size = z.int().min(1, 'It must be a whole number of at least 1.');
/** One size for both directions: 2 or [2, 2]. */
const square = z.union([size, z.tuple([size, size]).refine(([a, b]) => a === b)], {
  error: 'Use one whole number for height and width.',
});
const toSize = (value: z.output<typeof square>) => (typeof value === 'number' ? value : value[0]);
const flag = (value: boolean) => z.boolean('It must be true or false.').default(value);

const channelsLast = only(
  ['channels_last', null],
  'Build the network with data_format "channels_last", copy the weights into it, and save that one.',
);
const float = ['float32', 'float64', 'float16', 'bfloat16', 'mixed_float16', 'mixed_bfloat16'];
/** Weights and sums are kept in 32-bit floats here, whatever their type was. */
const dtype = z
  .union(
    [
      z.enum(float),
      z.object({
        class_name: z.enum(['DTypePolicy', 'Policy']),
        config: z.object({ name: z.enum(float) }),
      }),
    ],
    { error: 'Save the network with the type float32, without quantization.' },
  )
  .nullish();
const activation = z.unknown().optional().transform(activationName);

const base = { name: z.string().optional(), trainable: harmless, dtype };
/** Where the data come in; the reader compares it with what the layers before give. */
const inputShape = { batch_input_shape: harmless, batch_shape: harmless };

/** The settings of a layer type; any other may only be null. */
const settings = <S extends z.ZodRawShape>(shape: S) =>
  z
    .object({ ...base, ...inputShape, ...shape })
    .catchall(
      z.null(
        'This setting is not known here. Build the network without it, or, if it changes no result, take it out of the file.',
      ),
    );

const trained = (...weights: readonly string[]) =>
  Object.fromEntries(
    weights.flatMap((weight) =>
      ['initializer', 'regularizer', 'constraint'].map((what) => [`${weight}_${what}`, harmless]),
    ),
  );
const unquantized = only([null], 'Save the network as it was before quantization or LoRA.');
const kernels = {
  activation,
  use_bias: flag(true),
  ...trained('kernel', 'bias'),
  activity_regularizer: harmless,
  lora_rank: unquantized,
  lora_alpha: harmless,
  quantization_mode: unquantized,
  quantization_config: unquantized,
};
const pooling = {
  pool_size: square.default(2).transform(toSize),
  strides: square.nullish().transform((value) => (value == null ? undefined : toSize(value))),
  padding: z.enum(['valid', 'same'], 'It must be "valid" or "same".').default('valid'),
  data_format: channelsLast,
};
const plainRelu = 'Train the network with a plain ReLU: only that has a spiking counterpart.';

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
  Conv2D: settings({
    ...kernels,
    filters: size,
    kernel_size: square.transform(toSize),
    strides: square.default(1).transform(toSize),
    padding: z.enum(['valid', 'same'], 'It must be "valid" or "same".').default('valid'),
    data_format: channelsLast,
    dilation_rate: only([1, [1, 1]], 'Train a network without dilated convolutions.'),
    groups: only([1], 'Train a network without grouped convolutions.'),
    rank: only([2], 'A Conv2D has two dimensions.'),
  }),
  Dense: settings({ ...kernels, units: size }),
  BatchNormalization: settings({
    axis: z.union([z.int(), z.tuple([z.int()]).transform(([axis]) => axis)]).default(-1),
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
  Activation: settings({ activation }),
  ReLU: settings({
    max_value: only([null], plainRelu),
    negative_slope: only([0, [0], null], plainRelu),
    threshold: only([0, [0], null], plainRelu),
  }),
  Softmax: settings({
    axis: only([-1, 1, [-1], [1]], 'The softmax must go over the classes: axis -1.'),
  }),
  AveragePooling2D: settings(pooling),
  MaxPooling2D: settings(pooling),
  Flatten: settings({ data_format: channelsLast }),
  Dropout: settings({
    rate: z.number().min(0).lt(1, 'It must be at least 0 and below 1.'),
    noise_shape: harmless,
    seed: harmless,
  }),
  SpatialDropout2D: settings({
    rate: harmless,
    data_format: harmless,
    seed: harmless,
    noise_shape: harmless,
  }),
  AlphaDropout: settings({ rate: harmless, noise_shape: harmless, seed: harmless }),
  GaussianDropout: settings({ rate: harmless, seed: harmless }),
  GaussianNoise: settings({ stddev: harmless, seed: harmless }),
  ActivityRegularization: settings({ l1: harmless, l2: harmless }),
} as const;

export type LayerType = keyof typeof layerSettings;
export type Settings<T extends LayerType> = z.output<(typeof layerSettings)[T]>;

/** Layer types that change nothing but training, which is not done here. */
export const trainingOnly: ReadonlySet<LayerType> = new Set([
  'SpatialDropout2D',
  'AlphaDropout',
  'GaussianDropout',
  'GaussianNoise',
  'ActivityRegularization',
]);

/** What a layer may be told where it is called: nothing that makes it behave as in training. */
export const callArguments = z
  .object({
    training: only([false, null], 'Build the network without training=True, and save it again.'),
  })
  .catchall(z.null('Build the network without it, and save it again.'));

/** An activation's name; Keras 3 may write an object, of which the class is told. */
function activationName(value: unknown): string {
  if (value === null || value === undefined) return 'linear';
  if (typeof value === 'string') return value;
  const { class_name: type, config } = value as Record<string, unknown>;
  return type === 'function' && typeof config === 'string' ? config : JSON.stringify(value);
}
