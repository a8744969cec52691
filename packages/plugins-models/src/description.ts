import { basename } from 'node:path';

import {
  activationSchema,
  architectureSchema,
  UserError,
  type AdaptiveActivation,
  type Architecture,
  type PixelRange,
} from '@privatesnn/core';
import { z } from 'zod';

import { architectureFault } from './check-architecture.js';
import { architectureNames, namedArchitecture } from './named-architecture.js';
import { normalisationSchema, type Normalisation } from './normalisation.js';
import { poolings } from './vgg.js';

const size = z.int().min(1);

export const shapeSchema = z.tuple([size, size, size]);
export const rangeSchema = z
  .tuple([z.number(), z.number()])
  .refine(([low, high]) => low < high, 'the first number must be below the second');

/** ε of batch normalisation. */
export const epsilonSchema = z.number().min(0).max(1);

export const layouts = ['native', 'pytorch-vgg', 'pytorch-resnet'] as const;

/** What the file beside the weights may say. */
export const descriptionSchema = z.strictObject({
  architecture: z
    .union([z.enum(architectureNames), architectureSchema])
    .nullable()
    .optional(),
  inputShape: shapeSchema.nullable().optional(),
  classes: size.nullable().optional(),
  classNames: z.array(z.string()).nullable().optional(),
  inputRange: rangeSchema.nullable().optional(),
  activation: activationSchema.nullable().optional(),
  width: z.number().positive().nullable().optional(),
  hidden: size.nullable().optional(),
  bias: z.boolean().nullable().optional(),
  pooling: z.enum(poolings).nullable().optional(),
  layout: z.enum(layouts).nullable().optional(),
  tensors: z.array(z.string()).nullable().optional(),
  batchNorms: z.array(z.string().nullable()).nullable().optional(),
  batchNormEpsilon: epsilonSchema.nullable().optional(),
  normalisation: normalisationSchema.nullable().optional(),
  /** For people: where the weights come from. */
  notes: z.string().optional(),
});
export type Description = z.output<typeof descriptionSchema>;

/** What describes weights alone: options that a file with its own graph of layers leaves nothing to. */
export const describeWeights = [
  'architecture',
  'classes',
  'width',
  'hidden',
  'bias',
  'pooling',
  'layout',
  'tensors',
  'batchNorms',
  'batchNormEpsilon',
] as const satisfies readonly (keyof Description)[];

/**
 * Demands that nothing is said of a file that says it itself.
 *
 * @param what "an ONNX network"
 * @throws UserError naming the options that could change nothing
 */
export function expectDescribesItself(
  options: Description,
  idle: readonly (keyof Description)[],
  what: string,
  file: string,
): void {
  const given = idle.filter((key) => options[key] != null);
  if (given.length === 0) return;
  throw new UserError(
    'configuration',
    'MODEL_OPTIONS',
    `${file} is ${what}, which describes itself, so that ${given.map((key) => `"${key}"`).join(', ')} can change nothing.`,
    { hint: 'Leave these options out.', place: { file } },
  );
}

/** A description in which nothing is missing. */
export interface Network {
  readonly architecture: Architecture;
  readonly classNames: readonly string[];
  /** Undefined where nobody says. */
  readonly inputRange: PixelRange | undefined;
  /** The non-linearity of the hidden layers; undefined for ReLUs. */
  readonly activation?: AdaptiveActivation | undefined;
  readonly layout: (typeof layouts)[number];
  /** Names of the weight tensors in the order of the layers; undefined takes the layout's own names. */
  readonly tensors: readonly string[] | undefined;
  /** PyTorch's module of batch normalisation of each layer, null for none; undefined finds them by their names. */
  readonly batchNorms?: readonly (string | null)[] | undefined;
  /** ε of batch normalisation, which PyTorch's files do not hold; undefined where nobody says. */
  readonly batchNormEpsilon?: number | undefined;
  /** What is done with images before the network; undefined for nothing. */
  readonly normalisation?: Normalisation | undefined;
}

/** Where a description comes from, for messages. */
interface Source {
  /** The weights' file. */
  readonly weights: string;
  /** The file beside the weights; null for none. */
  readonly description: string | null;
}

/**
 * Joins what the options and the file beside the weights say; the options win.
 *
 * @throws UserError where architecture, input shape or classes are missing, or contradict each other
 */
export function resolveDescription(
  options: Description,
  beside: Description,
  source: Source,
): Network {
  const pick: Pick = (key) => options[key] ?? beside[key] ?? undefined;
  const classNames = pick('classNames');
  const architecture = resolveArchitecture(pick, classNames?.length, source);
  return {
    architecture,
    classNames: resolveClassNames(classNames, architecture.classes, source.weights),
    inputRange: pick('inputRange'),
    activation: pick('activation'),
    layout: pick('layout') ?? 'native',
    tensors: pick('tensors'),
    batchNorms: pick('batchNorms'),
    batchNormEpsilon: pick('batchNormEpsilon'),
    normalisation: pick('normalisation'),
  };
}

type Pick = <K extends keyof Description>(key: K) => NonNullable<Description[K]> | undefined;

/**
 * The names of the classes: numbers where none are given.
 *
 * @throws UserError where there are more or fewer than the network has classes
 */
export function resolveClassNames(
  given: readonly string[] | null | undefined,
  classes: number,
  where: string,
): readonly string[] {
  if (!given) return Array.from({ length: classes }, (_, i) => `${i}`);
  if (given.length === classes) return given;
  throw new UserError(
    'configuration',
    'CLASS_COUNT',
    `${given.length} class names are given for ${where}, but the network has ${classes} classes.`,
    { hint: 'Correct "classNames" or "classes".' },
  );
}

/** The pixel range of the training, and what the user should be told where nobody says it. */
export function resolveInputRange(
  {
    inputRange,
    normalisation,
  }: {
    readonly inputRange?: PixelRange | null | undefined;
    readonly normalisation?: Normalisation | null | undefined;
  },
  where: string,
): { readonly inputRange: PixelRange; readonly remarks: readonly string[] } {
  if (inputRange) return { inputRange, remarks: [] };
  // The means and deviations that networks are trained with are those of pixels from 0 to 1.
  if (normalisation) return { inputRange: [0, 1], remarks: [] };
  return {
    inputRange: [-1, 1],
    remarks: [
      `Nothing says which pixel range ${basename(where)} was trained on: [-1, 1] is taken. ` +
        'Give "inputRange" if it was another: [0, 1] for x / 255, [0, 255] for pixels as they are.',
    ],
  };
}

/** What a network's name leaves open; a list of all layers says the same. */
const openKeys = ['width', 'hidden', 'bias', 'pooling'] as const;

function resolveArchitecture(
  pick: Pick,
  named: number | undefined,
  { weights, description }: Source,
): Architecture {
  const contradiction = (what: string) =>
    new UserError(
      'configuration',
      'MODEL_CONTRADICTION',
      `The description of ${weights} contradicts itself: ${what}.`,
      {
        hint: `Correct ${description ?? 'the options of the "pretrained" stage'}.`,
        place: { file: description ?? weights },
      },
    );
  const architecture = pick('architecture');
  const inputShape = pick('inputShape');
  if (typeof architecture === 'object') {
    const { classes } = architecture;
    const fault = architectureFault(architecture);
    if (fault !== undefined) throw contradiction(fault);
    if (inputShape && inputShape.join() !== architecture.inputShape.join()) {
      throw contradiction(
        `"inputShape" is ${inputShape.join(' × ')}, but that of its architecture ${architecture.inputShape.join(' × ')}`,
      );
    }
    if ((pick('classes') ?? classes) !== classes) {
      throw contradiction(`"classes" is ${pick('classes')}, but its architecture has ${classes}`);
    }
    const idle = openKeys.filter((key) => pick(key) !== undefined);
    if (idle.length > 0) {
      throw contradiction(
        `its architecture lists all layers, so that ${idle.map((key) => `"${key}"`).join(', ')} can change nothing`,
      );
    }
    return architecture;
  }
  const classes = pick('classes') ?? named;
  if (!architecture || !inputShape || !classes) {
    const missing = { architecture, inputShape, classes };
    const names = Object.entries(missing).flatMap(([key, value]) => (value ? [] : [`"${key}"`]));
    throw new UserError(
      'configuration',
      'MODEL_DESCRIPTION',
      `The weights in ${weights} do not say what network they belong to: ${names.join(', ')} missing.`,
      {
        hint:
          'Say it in the options of the "pretrained" stage, or in a YAML or JSON file of the same name beside the weights: ' +
          'architecture: vgg16, inputShape: [32, 32, 3], classes: 10.',
      },
    );
  }
  const [width, hidden, bias, pooling] = [
    pick('width'),
    pick('hidden'),
    pick('bias'),
    pick('pooling'),
  ];
  return namedArchitecture(architecture, {
    inputShape,
    classes,
    ...(width === undefined ? {} : { width }),
    ...(hidden === undefined ? {} : { hidden }),
    ...(bias === undefined ? {} : { bias }),
    ...(pooling === undefined ? {} : { pooling }),
  });
}
