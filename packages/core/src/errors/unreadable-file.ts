import { UserError } from '../contracts/error.js';
import { nearestFile } from './nearest-file.js';
import { openFilesError } from './open-files.js';

/** What a stage could not read. */
export interface Unreadable {
  /** The error's code: MODEL_FILE_MISSING. */
  readonly code: string;
  /** What should be there: "model". */
  readonly what: string;
  readonly path: string;
  /** What to do where no name beside the path is near. */
  readonly hint: string;
  /** What the file system said. */
  readonly cause: unknown;
}

/** The error for a file or folder of the user's that is missing (with the nearest name beside it) or unreadable. */
export function unreadableFile({ code, what, path, hint, cause }: Unreadable): UserError {
  const place = { file: path };
  const reason = (cause as NodeJS.ErrnoException).code;
  const full = openFilesError(reason, cause);
  if (full) return full;
  if (reason !== 'ENOENT' && reason !== 'ENOTDIR') {
    return new UserError('data', code, `Cannot read the ${what} ${path}.`, { place, hint, cause });
  }
  const near = nearestFile(path);
  return new UserError('data', code, `There is no ${what} at ${path}.`, {
    place,
    hint: near === undefined ? hint : `Did you mean "${near}"?`,
  });
}

/** Runs work whose errors about files are errors about an option of the stage: the option that names the files. */
export async function aboutOption<T>(option: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof UserError) || !error.place || error.option !== undefined) throw error;
    const { errorClass, code, message, hint, place, cause } = error;
    throw new UserError(errorClass, code, message, {
      option,
      place,
      cause,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}
