import { z } from 'zod';

import type { Pair } from '../steps/step.js';

/* What settings of layers may be. */

/** A setting that no converted network depends on: it acts in training only, or names things. */
export const harmless = z.unknown().optional();

/** A setting that must have one of the given values; what to do otherwise goes into the hint. */
export const only = (values: readonly unknown[], wayOut: string) =>
  z
    .unknown()
    .refine((value) => values.some((one) => JSON.stringify(one) === JSON.stringify(value)), {
      message: wayOut,
    })
    .optional();

export const size = z.int().min(1, 'It must be a whole number of at least 1.');
/** Beyond it, a window is a mistake: no image is as large. */
const length = size.max(65_536, 'It must be at most 65,536.');
/** Height and width: 2 or [2, 3]. */
export const pair = z
  .union([length, z.tuple([length, length])], {
    error: 'It must be one whole number of at least 1, or two.',
  })
  .transform((value): Pair => (typeof value === 'number' ? [value, value] : value));
export const flag = (value: boolean) => z.boolean('It must be true or false.').default(value);

export const dataFormat = z
  .enum(['channels_last', 'channels_first'], 'It must be "channels_last" or "channels_first".')
  .nullish()
  .transform((value) => value ?? 'channels_last');
export const padding = z.enum(['valid', 'same'], 'It must be "valid" or "same".').default('valid');
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
export const activation = z.unknown().optional();

const base = { name: z.string().optional(), trainable: harmless, dtype };
/** Where the data come in; the reader compares it with what the layers before give. */
const inputShape = { batch_input_shape: harmless, batch_shape: harmless };

/** The settings of a layer type; any other may only be null. */
export const settings = <S extends z.ZodRawShape>(shape: S) =>
  z
    .object({ ...base, ...inputShape, ...shape })
    .catchall(
      z.null(
        'This setting is not known here. Build the network without it, or, if it changes no result, take it out of the file.',
      ),
    );

export const trained = (...weights: readonly string[]) =>
  Object.fromEntries(
    weights.flatMap((weight) =>
      ['initializer', 'regularizer', 'constraint'].map((what) => [`${weight}_${what}`, harmless]),
    ),
  );
const unquantized = only([null], 'Save the network as it was before quantization or LoRA.');
export const kernels = {
  activation,
  use_bias: flag(true),
  ...trained('kernel', 'bias'),
  activity_regularizer: harmless,
  lora_rank: unquantized,
  lora_alpha: harmless,
  quantization_mode: unquantized,
  quantization_config: unquantized,
};
export const axis = z.union([z.int(), z.tuple([z.int()]).transform(([one]) => one)], {
  error: 'It must be one whole number.',
});
/** Numbers, alone or in lists of lists. */
type Numbers = number | readonly Numbers[];
const numbers: z.ZodType<Numbers> = z.lazy(() =>
  z.union([z.number(), z.array(numbers)], { error: 'It must be a number, or numbers.' }),
);
export const flat = numbers.transform(flatten);
export const side = z.int().min(0).max(65_536);
export const sides = z.union([
  side.transform((pixels) => [pixels, pixels] as const),
  z.tuple([side, side]),
]);

function flatten(value: Numbers): number[] {
  return typeof value === 'number' ? [value] : value.flatMap(flatten);
}
