import { UserError } from '../../contracts/error.js';

export const cacheCorrupt = (file: string, what: string) =>
  new UserError(
    'data',
    'CACHE_CORRUPT',
    `An entry of the cache is damaged: ${what}. It was not used.`,
    {
      place: { file },
      hint: 'Remove damaged entries with "privatesnn cache verify --remove" (and --cache, if the run had it); the next run computes them again.',
    },
  );

export const diskFull = (file: string, cause: unknown) =>
  new UserError(
    'environment',
    'DISK_FULL',
    `No space is left on the disk for ${file}. Nothing half-written was kept.`,
    {
      cause,
      hint: 'Free some space ("privatesnn cache clear" removes all cached results), then run again: finished stages are kept.',
    },
  );

export const notWritable = (file: string, cause: unknown) =>
  new UserError(
    'environment',
    'NOT_WRITABLE',
    `Cannot use ${file}: ${cause instanceof Error ? cause.message : String(cause)}.`,
    {
      cause,
      hint: 'Check the permissions, or choose another folder (--out, --cache, PRIVATESNN_CACHE).',
    },
  );
