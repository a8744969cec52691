import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { leaseWatch, type NodeFailure } from '@privatesnn/core';

import { orNothing, type Session } from './session.js';

/** A worker as the run sees it. */
export interface CrewMember {
  readonly id: string;
  /** Why it does not work for this run. */
  readonly refusal?: NodeFailure;
}

/** The workers of a session, from the files that they keep there. */
export interface Crew {
  /** Who is there, and who is gone: its process is no more, or its lease has not changed for a minute. */
  look(): Promise<{ readonly there: readonly CrewMember[]; readonly gone: readonly string[] }>;
  /** Forgets one that is gone. If it lives nevertheless, it finds its lease lost. */
  forget(id: string): Promise<void>;
}

const leaseEnd = '.1';

/** The file of a worker's lease: its key's first generation, as nobody else ever wants it. */
const leaseOf = (session: Session, id: string) => join(session.workers, `${id}${leaseEnd}`);

/** @param watch what tells whether a lease is over */
export function createCrew(session: Session, watch = leaseWatch()): Crew {
  const refusals = new Map<string, NodeFailure>();
  const read = (file: string) => readFile(file, 'utf8').catch(orNothing);
  return {
    async look() {
      const names = await readdir(session.workers);
      for (const id of await readdir(session.refused)) {
        if (refusals.has(id)) continue;
        const failure = parse(await read(join(session.refused, id)));
        if (failure) refusals.set(id, failure);
      }
      const there: CrewMember[] = [];
      const gone: string[] = [];
      for (const name of names) {
        if (!name.endsWith(leaseEnd)) continue;
        const id = name.slice(0, -leaseEnd.length);
        const file = leaseOf(session, id);
        const text = await read(file);
        // It has left.
        if (typeof text !== 'string') continue;
        const refusal = refusals.get(id);
        if (watch.isOver(file, text)) gone.push(id);
        else there.push({ id, ...(refusal ? { refusal } : {}) });
      }
      return { there, gone };
    },

    async forget(id) {
      refusals.delete(id);
      await rm(leaseOf(session, id), { force: true });
      await rm(join(session.refused, id), { force: true });
    },
  };
}

/** What is being written is read at the next look. */
function parse(text: string | readonly never[]): NodeFailure | undefined {
  try {
    return typeof text === 'string' ? (JSON.parse(text) as NodeFailure) : undefined;
  } catch {
    return undefined;
  }
}

/** A worker's name for people: host and process. */
export const shownName = (id: string) => id.split('.').slice(0, -1).join('.').replace('@', ':');
