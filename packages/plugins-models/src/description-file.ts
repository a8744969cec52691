import { basename, dirname, join } from 'node:path';

import { parseTypedYaml, UserError, UserErrorList } from '@privatesnn/core';
import type { z } from 'zod';

import { isFile, readModelFile } from './model-file.js';
import { wrongDescription } from './wrong-model-file.js';

/** The description beside a file of weights: of the same name, in JSON or YAML; null for none. */
export async function findDescription(weights: string): Promise<string | null> {
  const stem = join(dirname(weights), basename(weights).replace(/\.[^.]*$/, ''));
  for (const extension of ['.json', '.yaml', '.yml']) {
    if (await isFile(stem + extension)) return stem + extension;
  }
  return null;
}

/** What a description should be, for messages. */
interface Expected {
  /** "a network" */
  readonly what: string;
  /** What to do where it is not. */
  readonly hint: string;
}

/**
 * Reads the file that describes a network's weights.
 *
 * @throws UserError MODEL_DESCRIPTION with what is wrong, and where
 */
export async function readDescription<S extends z.ZodType>(
  path: string,
  schema: S,
  expected: Expected,
): Promise<z.output<S>> {
  const bytes = await readModelFile(path);
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return parseTypedYaml(text, path, schema);
  } catch (cause) {
    if (!(cause instanceof UserError)) throw wrongDescription(path, bytes, cause);
    throw invalid(path, cause instanceof UserErrorList ? cause.errors : [cause], expected);
  }
}

/** One error of all mistakes of a description, as a stage fails with one. */
function invalid(file: string, errors: readonly UserError[], { what, hint }: Expected): UserError {
  const told = errors.slice(0, 5).map(({ message, place, hint }) => {
    const at = place?.line === undefined ? '' : `Line ${place.line}, column ${place.column}: `;
    return at + message + (hint === undefined ? '' : ` ${hint}`);
  });
  return new UserError(
    'data',
    'MODEL_DESCRIPTION',
    `${file} does not describe ${what}. ${told.join(' ')}`,
    { hint, place: errors[0]?.place ?? { file } },
  );
}
