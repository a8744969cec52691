import { z } from 'zod';

const name = z
  .string()
  .regex(/^[A-Za-z][\w-]*$/, 'a name has letters, digits, "-" and "_", and starts with a letter');

const axes = z.record(
  z.string().regex(/^[A-Za-z][\w.-]*$/, 'an axis has a plain name'),
  z.array(z.unknown()).min(1),
);

const cell = z.record(z.string(), z.unknown());

export const stageSchema = z.strictObject({
  use: z.string().min(1),
  /** A named set of the stage's options; the file's own `preset` when left out. */
  preset: z.string().min(1).optional(),
  inputs: z.record(z.string(), z.string().min(1)).optional(),
  options: z.record(z.string(), z.unknown()).optional(),
});

const reporterSchema = z.strictObject({
  use: z.string().min(1),
  options: z.record(z.string(), z.unknown()).optional(),
});

/** The root seed of one job. */
export const seedSchema = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

const matrixParts = {
  name: z.string().min(1).optional(),
  zip: axes.optional(),
  product: axes.optional(),
  include: z.array(cell).optional(),
  exclude: z.array(cell).optional(),
  /** Every cell, those of `include` too, runs with every combination of these. */
  sweep: axes.optional(),
};

const settings = {
  title: z.string().optional(),
  description: z.string().optional(),
  /** Checked as `seedSchema` when a job's axes are filled in; a list has become an axis before. */
  seed: z.unknown().optional(),
  /** Stages that a job is run for; a template gives each job its own. Left out: all metrics and exporters. */
  goals: z.union([z.array(z.string()), z.string()]).optional(),
  /** Every stage that knows the preset starts from its options. */
  preset: z.string().min(1).optional(),
  matrix: z.strictObject(matrixParts).optional(),
  reporters: z.array(reporterSchema).optional(),
};

/** A profile lays these keys over the file's own; one without a value takes the file's away. */
const profileSchema = z.strictObject({
  ...orNothing(settings),
  matrix: z.strictObject(orNothing(matrixParts)).nullish(),
  stages: z.record(name, stageSchema.partial().nullable()).optional(),
});

function orNothing(shape: Readonly<Record<string, z.ZodType>>): Record<string, z.ZodType> {
  return Object.fromEntries(Object.entries(shape).map(([key, value]) => [key, value.nullable()]));
}

/** The experiment file, before `${axis}` values are filled in; `extends` has been merged already. */
export const experimentSchema = z.strictObject({
  name,
  ...settings,
  plugins: z.array(z.string().min(1)).optional(),
  /** Plugins that run with all rights where a run isolates the others (`--isolate`). */
  trust: z.array(z.string().min(1)).optional(),
  /** The folder that relative paths start from, itself relative to the file; the file's own when left out. */
  folder: z.string().optional(),
  profile: z.string().optional(),
  profiles: z.record(z.string(), profileSchema).optional(),
  /** Each of them is checked as `stageSchema` when a job's axes are filled in. */
  stages: z.record(name, z.unknown()),
});

export type ExperimentConfig = z.output<typeof experimentSchema>;
