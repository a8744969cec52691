import type { Maintenance } from './cache.js';
import { digestOf } from './canonical.js';
import { forEachOf, noteName, type Store } from './store.js';
import { thisWriter } from './writer.js';

interface Note {
  readonly folder: string;
  readonly machine: string;
}

/** Which runs have results in a cache: a file each in `runs/`, with the run's folder and machine. */
export function runNotes(store: Store): Pick<Maintenance, 'noteRun' | 'runs' | 'forgetRun'> {
  const noteOf = (run: string): Note => ({ folder: run, machine: thisWriter().machine });
  const nameOf = (note: Note) => noteName(digestOf(note).slice(0, 32));
  return {
    async noteRun(run) {
      const note = noteOf(run);
      await store.write(nameOf(note), [Buffer.from(JSON.stringify(note))]);
    },
    async runs() {
      const notes: Note[] = [];
      await forEachOf(await store.list('runs'), store.parallel, async ({ name }) => {
        const note = parseNote(await store.read(name));
        if (note) notes.push(note);
      });
      return notes.map(({ folder, machine }) => ({
        folder,
        here: machine === thisWriter().machine,
      }));
    },
    forgetRun: (run) => store.remove(nameOf(noteOf(run))),
  };
}

function parseNote(bytes: Uint8Array | undefined): Note | undefined {
  try {
    const { folder, machine } = JSON.parse(Buffer.from(bytes!).toString()) as Partial<Note>;
    return typeof folder === 'string' && typeof machine === 'string'
      ? { folder, machine }
      : undefined;
  } catch {
    return undefined;
  }
}
