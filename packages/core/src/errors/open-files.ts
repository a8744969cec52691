import { UserError } from '../contracts/error.js';

/**
 * The error for what failed since the process, or the machine, has too many files open; undefined for other causes.
 *
 * @param code what the file system said
 */
export function openFilesError(code: unknown, cause: unknown): UserError | undefined {
  if (code !== 'EMFILE' && code !== 'ENFILE') return undefined;
  const who = code === 'EMFILE' ? 'This process' : 'This machine';
  return new UserError('environment', 'TOO_MANY_FILES', `${who} may open no more files at once.`, {
    cause,
    hint: 'Raise the limit ("ulimit -n 4096" in the shell), or end other programs; finished stages are kept.',
  });
}
