import { UserError, type Architecture, type PixelRange } from '@privatesnn/core';
import { z } from 'zod';

import { poolings, vgg, vggNames } from './vgg.js';

const size = z.int().min(1);
const layerSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('conv'),
    name: z.string(),
    inChannels: size,
    outChannels: size,
    kernel: size,
    stride: size,
    padding: z.int().min(0),
    bias: z.boolean(),
  }),
  z.strictObject({
    kind: z.literal('dense'),
    name: z.string(),
    inputs: size,
    outputs: size,
    bias: z.boolean(),
  }),
  z.strictObject({ kind: z.enum(['average-pool', 'max-pool']), size }),
  z.strictObject({ kind: z.literal('flatten') }),
  z.strictObject({ kind: z.literal('dropout'), rate: z.number().min(0).lt(1) }),
]);

export const shapeSchema = z.tuple([size, size, size]);
export const rangeSchema = z
  .tuple([z.number(), z.number()])
  .refine(([low, high]) => low < high, 'the first number must be below the second');

/** All layers of a network, as `save-ann` writes them. */
export const architectureSchema = z.strictObject({
  name: z.string(),
  inputShape: shapeSchema,
  classes: size,
  layers: z.array(layerSchema),
});

export const layouts = ['native', 'pytorch-vgg'] as const;

/** What the file beside the weights may say. */
export const descriptionSchema = z.strictObject({
  architecture: z
    .union([z.enum(vggNames), architectureSchema])
    .nullable()
    .optional(),
  inputShape: shapeSchema.nullable().optional(),
  classes: size.nullable().optional(),
  classNames: z.array(z.string()).nullable().optional(),
  inputRange: rangeSchema.nullable().optional(),
  width: z.number().positive().nullable().optional(),
  hidden: size.nullable().optional(),
  bias: z.boolean().nullable().optional(),
  pooling: z.enum(poolings).nullable().optional(),
  layout: z.enum(layouts).nullable().optional(),
  tensors: z.array(z.string()).nullable().optional(),
  batchNorms: z.array(z.string().nullable()).nullable().optional(),
  /** For people: where the weights come from. */
  notes: z.string().optional(),
});
export type Description = z.output<typeof descriptionSchema>;

/** A description in which nothing is missing. */
export interface Network {
  readonly architecture: Architecture;
  readonly classNames: readonly string[];
  readonly inputRange: PixelRange;
  readonly layout: (typeof layouts)[number];
  /** Names of the weight tensors in the order of the layers; undefined takes the layout's own names. */
  readonly tensors: readonly string[] | undefined;
  /** PyTorch's module of batch normalisation of each layer, null for none; undefined finds them by their names. */
  readonly batchNorms?: readonly (string | null)[] | undefined;
}

/**
 * Joins what the options and the file beside the weights say; the options win.
 *
 * @param where the weights' file, for messages
 * @throws UserError where architecture, input shape or classes are missing, or contradict each other
 */
export function resolveDescription(
  options: Description,
  beside: Description,
  where: string,
): Network {
  const pick = <K extends keyof Description>(key: K) => options[key] ?? beside[key] ?? undefined;
  const classNames = pick('classNames');
  const architecture = resolveArchitecture(pick, classNames?.length, where);
  if (classNames && classNames.length !== architecture.classes) {
    throw new UserError(
      'configuration',
      'CLASS_COUNT',
      `${classNames.length} class names are given for ${where}, but the network has ${architecture.classes} classes.`,
      { hint: 'Correct "classNames" or "classes".' },
    );
  }
  return {
    architecture,
    classNames: classNames ?? Array.from({ length: architecture.classes }, (_, i) => `${i}`),
    inputRange: pick('inputRange') ?? [-1, 1],
    layout: pick('layout') ?? 'native',
    tensors: pick('tensors'),
    batchNorms: pick('batchNorms'),
  };
}

function resolveArchitecture(
  pick: <K extends keyof Description>(key: K) => NonNullable<Description[K]> | undefined,
  named: number | undefined,
  where: string,
): Architecture {
  const architecture = pick('architecture');
  if (typeof architecture === 'object') return architecture;
  const inputShape = pick('inputShape');
  const classes = pick('classes') ?? named;
  const [width, hidden, bias] = [pick('width'), pick('hidden'), pick('bias')];
  const pooling = pick('pooling');
  if (!architecture || !inputShape || !classes) {
    const missing = { architecture, inputShape, classes };
    const names = Object.entries(missing).flatMap(([key, value]) => (value ? [] : [`"${key}"`]));
    throw new UserError(
      'configuration',
      'MODEL_DESCRIPTION',
      `The weights in ${where} do not say what network they belong to: ${names.join(', ')} missing.`,
      {
        hint:
          'Say it in the options of the "pretrained" stage, or in a YAML or JSON file of the same name beside the weights: ' +
          'architecture: vgg16, inputShape: [32, 32, 3], classes: 10.',
      },
    );
  }
  return vgg(architecture, {
    inputShape,
    classes,
    ...(width === undefined ? {} : { width }),
    ...(hidden === undefined ? {} : { hidden }),
    ...(bias === undefined ? {} : { bias }),
    ...(pooling === undefined ? {} : { pooling }),
  });
}
