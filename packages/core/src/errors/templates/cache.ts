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

/** What the operating system's codes mean where its own message helps little. */
const reasons: Readonly<Record<string, string>> = {
  EEXIST: 'a file stands where a folder is needed',
  ENOTDIR: 'a file stands where a folder is needed',
  EISDIR: 'a folder stands where a file is needed',
};

export const notWritable = (file: string, cause: unknown) => {
  const reason = reasons[(cause as NodeJS.ErrnoException).code ?? ''];
  return new UserError(
    'environment',
    'NOT_WRITABLE',
    `Cannot use ${file}: ${reason ?? (cause instanceof Error ? cause.message : String(cause))}.`,
    {
      ...(reason ? {} : { cause }),
      hint: `${reason ? 'Remove it' : 'Check the permissions'}, or choose another folder (--out, --cache, PRIVATESNN_CACHE).`,
    },
  );
};

export const noFolder = (location: string) =>
  new UserError(
    'configuration',
    'NO_CACHE_FOLDER',
    `Expected the cache to be a folder or s3://BUCKET/PREFIX, received "${location}".`,
    { hint: 'Name another one by --cache or PRIVATESNN_CACHE.' },
  );
