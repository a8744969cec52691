import { z } from 'zod';

import { artefactTypes } from '../contracts/artefacts.js';
import { UserError, type ErrorClass } from '../contracts/error.js';
import { stageKinds } from '../contracts/stage.js';
import type { ErrorData } from '../contracts/work.js';
import { errorFrom } from '../errors/error-data.js';
import { exitCodes } from '../errors/exit-codes.js';
import { safeError } from '../errors/thrown.js';

/** What an isolated process answers is whatever its plugin wants: strict schemas, and limits. */
const word = z.string().max(200);
const sentence = z.string().max(4000);
const names = z.array(word).max(200);

/** Values that JSON cannot hold travel as bytes of the codec, in base64. */
const encoded = z.base64();

const errorFields = {
  errorClass: z.enum(Object.keys(exitCodes) as [ErrorClass, ...ErrorClass[]]).nullable(),
  code: z.string(),
  message: z.string(),
  hint: z.string().exactOptional(),
  option: z.string().exactOptional(),
  stack: z.string().exactOptional(),
};

/** An error; the file and line that it may claim are left out. */
export const errorSchema: z.ZodType<ErrorData> = z.object({
  ...errorFields,
  cause: z.object({ ...errorFields }).exactOptional(),
});

/** The error that an isolated process told of, of bounded length. */
export function toldError(data: ErrorData): Error {
  return safeError(errorFrom(data));
}

/** @returns the UserErrors of a list of data; others become one */
export function toldMistakes(list: readonly ErrorData[]): UserError[] {
  return list.map((data) => {
    const error = toldError(data);
    return error instanceof UserError
      ? error
      : new UserError('plugin', 'CHECK_FAILED', error.message, { cause: error });
  });
}

const ports = <T extends z.ZodType>(port: T) =>
  z.record(z.string().regex(/^[A-Za-z][A-Za-z0-9]{0,99}$/), port);

const optionDescription = z.strictObject({ name: word, description: sentence });

const stageDescription = z.strictObject({
  kind: z.enum(stageKinds),
  id: word,
  version: z.number(),
  summary: sentence,
  source: sentence.optional(),
  options: z.array(optionDescription).max(1000),
  presets: encoded,
  inputs: ports(
    z.strictObject({
      types: z.array(z.enum(artefactTypes)),
      optional: z.boolean(),
      description: sentence,
    }),
  ),
  outputs: ports(z.strictObject({ type: z.enum(artefactTypes), description: sentence })),
  /** Names of services, by the names that the stage gives them. */
  dependencies: z.record(word, word),
  readsAncestors: z.boolean(),
});
export type StageDescription = z.output<typeof stageDescription>;

/** What a plugin brings. */
export const descriptionSchema = z.strictObject({
  name: word,
  faults: z.array(z.strictObject({ what: sentence, hint: sentence.optional() })).max(100),
  stages: z.array(stageDescription).max(1000),
  reporters: names,
  services: names,
});
export type Description = z.output<typeof descriptionSchema>;

const step = z.union([z.string().max(1000), z.int()]);
const place = { path: z.array(step).max(100), message: z.string().max(2000) };
const bound = {
  ...place,
  origin: word,
  inclusive: z.boolean().optional(),
};
const primitive = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** A schema's complaint, in the forms of zod that errors are made from; others are told by their message. */
export const issueSchema: z.ZodType = z.discriminatedUnion('code', [
  z.strictObject({ code: z.literal('unrecognized_keys'), ...place, keys: z.array(z.string()) }),
  z.strictObject({ code: z.literal('invalid_type'), ...place, expected: word }),
  z.strictObject({ code: z.literal('invalid_value'), ...place, values: z.array(primitive) }),
  z.strictObject({ code: z.literal('too_small'), ...bound, minimum: z.number() }),
  z.strictObject({ code: z.literal('too_big'), ...bound, maximum: z.number() }),
  z.strictObject({ code: z.literal('not_multiple_of'), ...place, divisor: z.number() }),
  z.strictObject({
    code: z.literal('invalid_union'),
    ...place,
    errors: z.array(z.array(z.lazy(() => issueSchema))),
  }),
  z.strictObject({ code: z.literal('custom'), ...place }),
]);

/** What a stage's schema makes of options. */
export const parsedSchema = z.discriminatedUnion('fits', [
  z.strictObject({ fits: z.literal(true), options: encoded }),
  z.strictObject({ fits: z.literal(false), issues: z.array(issueSchema).max(1000) }),
]);
export type Parsed = z.output<typeof parsedSchema>;

/** What a stage says of its options before it runs. */
export const factsSchema = z.strictObject({
  mistakes: z.array(errorSchema).max(100),
  /** The methods by which it looks at files. */
  reads: names,
  /** Bytes of memory that it expects to need. */
  memory: z.number().positive().optional(),
});
export type Facts = z.output<typeof factsSchema>;

/** What an isolated process is asked. */
export type Question =
  | { readonly ask: 'describe' }
  | { readonly ask: 'parse'; readonly stage: string; readonly options: string }
  | {
      readonly ask: 'facts';
      readonly stage: string;
      readonly options: string;
      readonly connected: readonly string[];
    };

/** An answer, or the error that the plugin's code threw. */
export const replySchema = z.discriminatedUnion('ok', [
  z.strictObject({ ok: z.literal(true), answer: z.unknown() }),
  z.strictObject({ ok: z.literal(false), error: errorSchema }),
]);
