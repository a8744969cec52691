import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { Maintenance } from './cache.js';
import { digestOf } from './canonical.js';
import { filesIn, type CacheFiles } from './files.js';
import { thisWriter } from './writer.js';

interface Note {
  readonly folder: string;
  readonly machine: string;
}

/** Which runs have results in a cache: a file each in `runs/`, with the run's folder and machine. */
export function runNotes({
  folder,
  noteFile,
  write,
}: CacheFiles): Pick<Maintenance, 'noteRun' | 'runs' | 'forgetRun'> {
  const noteOf = (run: string): Note => ({ folder: run, machine: thisWriter().machine });
  const fileOf = (note: Note) => noteFile(digestOf(note).slice(0, 32));
  return {
    async noteRun(run) {
      const note = noteOf(run);
      await write(fileOf(note), [Buffer.from(JSON.stringify(note))]);
    },
    async runs() {
      const files = await filesIn(join(folder, 'runs'));
      const notes = await Promise.all(files.map(readNote));
      return notes
        .filter((note) => note !== undefined)
        .map((note) => ({ folder: note.folder, here: note.machine === thisWriter().machine }));
    },
    forgetRun: (run) => rm(fileOf(noteOf(run)), { force: true }),
  };
}

async function readNote(file: string): Promise<Note | undefined> {
  try {
    const { folder, machine } = JSON.parse(await readFile(file, 'utf8')) as Partial<Note>;
    return typeof folder === 'string' && typeof machine === 'string'
      ? { folder, machine }
      : undefined;
  } catch {
    return undefined;
  }
}
