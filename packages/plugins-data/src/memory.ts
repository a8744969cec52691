import { UserError } from '@privatesnn/core';

/** What a reader is about to hold in memory, by what a file says of itself. */
export interface Claim {
  readonly bytes: number;
  /** "60,000 images of 28 × 28 × 1" */
  readonly what: string;
  readonly file: string;
  /** The stage's option of that name. */
  readonly maxMegabytes: number;
}

/** Bytes in a megabyte. */
export const megabyte = 1e6;

/** Memory that one file of a listed folder takes, about. */
export const entryBytes = 1000;

/** Below this, asking how much memory is free would cost more than it could save. */
const worthAsking = 16 * megabyte;

/**
 * Readers call this before they allocate.
 *
 * @throws UserError DATASET_TOO_LARGE beyond the option "maxMegabytes", MEMORY_LOW beyond the memory that is free
 */
export function assertFits({ bytes, what, file, maxMegabytes }: Claim): void {
  const place = { file };
  if (bytes > maxMegabytes * megabyte) {
    throw new UserError(
      'data',
      'DATASET_TOO_LARGE',
      `${file} claims to hold ${what}: ${inMegabytes(bytes)} in memory, and the option "maxMegabytes" allows ${inMegabytes(maxMegabytes * megabyte)}.`,
      {
        hint: 'If that is right, raise "maxMegabytes", or take fewer images with "limit"; else the file is damaged.',
        place,
        option: 'maxMegabytes',
      },
    );
  }
  if (bytes < worthAsking) return;
  const free = process.availableMemory();
  if (bytes <= free) return;
  throw new UserError(
    'environment',
    'MEMORY_LOW',
    `${file} claims to hold ${what}: ${inMegabytes(bytes)} in memory, of which ${inMegabytes(free)} are free.`,
    { hint: 'Take fewer images with "limit", or run where there is more memory.', place },
  );
}

/** A size as messages give it: "2,048 MB". */
export function inMegabytes(bytes: number): string {
  return `${Math.ceil(bytes / megabyte).toLocaleString('en')} MB`;
}
