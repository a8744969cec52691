import { stat } from 'node:fs/promises';

import { aboutOption, unreadableFile, UserError, type StageContext } from '@privatesnn/core';

/** A copy of a dataset that the user named. */
export interface OwnCopy {
  readonly path: string;
  /** The environment variable that names it; null where the option "path" does. */
  readonly variable: string | null;
}

/** What the option "path" names, else what the environment variable does. */
export function ownCopy(
  path: string | null,
  variable: string,
  context: Pick<StageContext, 'resolvePath'>,
): OwnCopy | undefined {
  if (path !== null) return { path: context.resolvePath(path), variable: null };
  const named = process.env[variable];
  return named ? { path: named, variable } : undefined;
}

/**
 * Works on a copy; errors about its files tell who named it, the option or the variable.
 *
 * @throws UserError where nothing is at the path, with the nearest name beside it
 */
export async function inOwnCopy<T>(
  { path, variable }: OwnCopy,
  work: (path: string) => Promise<T>,
): Promise<T> {
  try {
    return await aboutOption('path', async () => {
      await stat(path).catch((cause: unknown) => {
        const hint = 'Check the path: the unpacked folder, or the archive.';
        throw unreadableFile({
          code: 'DATASET_FILE_MISSING',
          what: 'dataset',
          path,
          hint,
          cause,
        });
      });
      return work(path);
    });
  } catch (error) {
    if (variable === null || !(error instanceof UserError) || !error.place) throw error;
    const { errorClass, code, message, hint, place, cause } = error;
    throw new UserError(
      errorClass,
      code,
      `${message} The environment variable ${variable} names ${path}.`,
      { place, cause, ...(hint === undefined ? {} : { hint }) },
    );
  }
}
