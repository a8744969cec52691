import { mkdir, readdir } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve } from 'node:path';

import { sweepAsides } from '../cache/asides.js';
import { writeError, writeWhole } from '../cache/write-whole.js';
import { badReportPath } from '../errors/templates/run.js';

/** A run's folder. */
export interface RunFolder {
  readonly path: string;
  /** Writes a file beneath the folder, whole or not at all. */
  write(path: string, content: string | Uint8Array): Promise<void>;
}

/** Makes `<name>-<UTC time>-<n>` in a folder; never one that exists. */
export async function makeRunFolder(
  parent: string,
  name: string,
  started: Date,
): Promise<RunFolder> {
  const time = started.toISOString().replace(/[-:]|\.\d+/g, '');
  try {
    await mkdir(parent, { recursive: true });
    for (let n = 1; ; n++) {
      const path = join(parent, `${name}-${time}-${n}`);
      try {
        await mkdir(path);
        return runFolder(path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
  } catch (error) {
    throw writeError(parent, error);
  }
}

/** So many earlier runs are looked through. */
const sweptRuns = 10;

/** Removes what the newest runs of a name have left half-written, whose processes were killed. */
export async function sweepRuns(parent: string, name: string): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  const runs = names.filter((each) => each.startsWith(`${name}-`)).sort();
  for (const run of runs.slice(-sweptRuns)) await sweepAsides(join(parent, run));
}

/** A run's folder that is there already. */
export function runFolder(path: string): RunFolder {
  return { path, write: (file, content) => writeInto(path, file, content) };
}

async function writeInto(
  folder: string,
  path: string,
  content: string | Uint8Array,
): Promise<void> {
  const target = resolve(folder, path);
  const inside = relative(folder, target);
  if (isAbsolute(path) || inside.startsWith('..') || inside === '') throw badReportPath(path);
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  await writeWhole(target, [bytes], { durable: false, asides: folder });
}

/** Folder names for jobs: readable, safe on every file system, and all different. */
export function folderNames(names: readonly string[]): Map<string, string> {
  const taken = new Set<string>();
  return new Map(
    names.map((name) => {
      const base =
        name
          .replace(/[^\p{L}\p{N}.+-]+/gu, '_')
          .replace(/^\.+/, '_')
          .slice(0, 80) || '_';
      let unique = base;
      for (let n = 2; taken.has(unique.toLowerCase()); n++) unique = `${base}-${n}`;
      taken.add(unique.toLowerCase());
      return [name, unique];
    }),
  );
}
