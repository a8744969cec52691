/** What a cache consists of. */
export type Part = 'keys' | 'objects' | 'checkpoints' | 'runs' | 'leases';

/** A file of a cache. */
export interface StoredFile {
  /** Its name in the cache, as the functions below make it. */
  readonly name: string;
  readonly bytes: number;
  /** Milliseconds since it was written, by the clock of where it lies: good for days, not for seconds. */
  readonly age: number;
}

/**
 * Where the files of a cache lie: in a folder, in a bucket. What they are called and what is in them is the same
 * everywhere. A file is there whole or not at all, and one that was written is seen by all from then on.
 */
export interface Store {
  /** As `--cache` takes it. */
  readonly location: string;
  /** How many calls at a time pay off. */
  readonly parallel: number;
  /** Where a file lies, for people. */
  placeOf(name: string): string;
  /** The size of a file; undefined where there is none. */
  bytesOf(name: string): Promise<number | undefined>;
  /** The content of a file, the caller's own; undefined where there is none. */
  read(name: string): Promise<Uint8Array | undefined>;
  /** Whether a file need not be written, for it is there with this content (SHA-256 in hexadecimal). */
  holds(name: string, digest: string, bytes: number): Promise<boolean>;
  /** Throws UserError where there is no room, or no right. */
  write(name: string, chunks: readonly Uint8Array[]): Promise<void>;
  /** Removes a file, which another may have done already. */
  remove(name: string): Promise<void>;
  list(part: Part): Promise<StoredFile[]>;
  clear(part: Part): Promise<void>;
  /** Names of files that writers which are gone have left half-written. */
  halfWritten(): Promise<string[]>;
  /** Removes them where files are written, which costs little; `halfWritten` looks everywhere. */
  sweep(): Promise<void>;
}

export const entryName = (key: string) => `keys/${key.slice(0, 2)}/${key}.json`;
export const objectName = (digest: string) => `objects/${digest.slice(0, 2)}/${digest}`;
export const checkpointName = (key: string) => `checkpoints/${key}`;
/** The note of a run. */
export const noteName = (digest: string) => `runs/${digest}.json`;

/** The last part of a name without its ending: the key or the digest. */
export const idOf = (name: string) => name.slice(name.lastIndexOf('/') + 1).replace(/\.json$/, '');

/** Does something for each of many, a few at a time; the first failure ends it. */
export async function forEachOf<T>(
  all: readonly T[],
  parallel: number,
  work: (one: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < all.length) await work(all[next++]!);
  };
  await Promise.all(Array.from({ length: Math.min(parallel, all.length) }, worker));
}
