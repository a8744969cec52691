import type { BigIntStats } from 'node:fs';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';

import { userCacheFolder } from '../cache/location.js';
import { writeWhole } from '../cache/write-whole.js';

/**
 * Digests of a folder's files that were read before, with what the file system said of each file then. As git's index
 * does, it takes a file for unchanged while size, both times and inode are the same, and reads it again otherwise. It
 * saves time only: it is never part of a digest, and may be removed whenever no run is going on.
 */
export interface DigestIndex {
  find(name: string, stats: BigIntStats): string | undefined;
  /**
   * Remembers the digest of a file.
   *
   * @param before what the file system said before the file was read
   * @param started when that was, in milliseconds
   */
  add(name: string, before: BigIntStats, started: number, digest: string): void;
  /** Keeps what was added for later processes; where that is not possible, they read the files again. */
  save(): Promise<void>;
}

/**
 * A file may change twice within one tick of its file system's clock; the second change then leaves its times as they
 * are. So a file is remembered only once its times lie further back than any clock's tick (FAT: two seconds).
 */
const tickMilliseconds = 2000;

const opened = new Map<string, Promise<DigestIndex>>();

/** The index of a folder: one for the process, begun with what an earlier process has kept. */
export function openDigestIndex(folder: string): Promise<DigestIndex> {
  const name = createHash('sha256').update(folder).digest('hex');
  const file = join(userCacheFolder(), 'digests', `${name.slice(0, 32)}.json`);
  let index = opened.get(file);
  if (!index) opened.set(file, (index = open(folder, file)));
  return index;
}

type Entries = Map<string, readonly [state: string, digest: string]>;

async function open(folder: string, file: string): Promise<DigestIndex> {
  const entries = await load(folder, file);
  let changed = false;
  return {
    find(name, stats) {
      const entry = entries.get(name);
      return entry?.[0] === stateOf(stats) ? entry[1] : undefined;
    },
    add(name, before, started, digest) {
      const settled = Number(larger(before.mtimeNs, before.ctimeNs) / 1_000_000n);
      if (settled + tickMilliseconds >= started) return;
      entries.set(name, [stateOf(before), digest]);
      changed = true;
    },
    async save() {
      if (!changed) return;
      changed = false;
      for (const name of entries.keys()) if (!existsSync(join(folder, name))) entries.delete(name);
      const text = JSON.stringify({ folder, files: Object.fromEntries(entries) });
      await writeWhole(file, [Buffer.from(text)], { durable: false }).catch(() => undefined);
    },
  };
}

function stateOf({ size, mtimeNs, ctimeNs, ino, dev }: BigIntStats): string {
  return [size, mtimeNs, ctimeNs, ino, dev].join(' ');
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

/** What was kept; nothing where there is none, or where it is not whole. */
async function load(folder: string, file: string): Promise<Entries> {
  try {
    const kept = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    if (kept['folder'] !== folder) return new Map();
    return new Map(Object.entries(kept['files'] as object).filter(([, entry]) => isEntry(entry)));
  } catch {
    return new Map();
  }
}

function isEntry(value: unknown): boolean {
  return (
    Array.isArray(value) && typeof value[0] === 'string' && /^[0-9a-f]{64}$/.test(String(value[1]))
  );
}
