import { readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Lease } from '../cache/cache.js';
import { generations, leaseFile, readLease } from '../cache/lease-files.js';
import { leaseWatch } from '../cache/lease-watch.js';
import { folderLeases } from '../cache/folder-leases.js';
import { isGone, thisWriter, writerOf } from '../cache/writer.js';
import { runIsHeld } from '../errors/templates/run.js';

/** The lease on a run's folder: one process at a time writes its manifest and events. */
const key = 'supervisor';
/** A process on another machine that has not renewed its lease for so long counts as gone. */
const silenceMilliseconds = 90_000;
const lookMilliseconds = 1000;

/** The process that works on a run. */
export interface Holder {
  readonly process: number;
  /** Whether it is on this machine. */
  readonly here: boolean;
  readonly alive: boolean;
}

/** Who works on the run in a folder, or did when it was ended; undefined where it ended by itself. */
export function holderOf(folder: string): Holder | undefined {
  const generation = generations(folder, key).at(-1);
  if (generation === undefined) return undefined;
  const file = leaseFile(folder, key, generation);
  try {
    const writer = writerOf(readFileSync(file, 'utf8').split(' ')[0]!);
    if (!writer) return undefined;
    const here = writer.machine === thisWriter().machine;
    const silence = Date.now() - statSync(file).mtimeMs;
    const alive = here ? !isGone(writer) : silence < silenceMilliseconds;
    return { process: writer.pid, here, alive };
  } catch {
    // It was released in between.
    return undefined;
  }
}

/** `ended`: nobody holds the run; `gone`: its process was killed, or has not been heard of for a minute. */
export type RunLife = 'works' | 'ended' | 'gone';

/** Watches whether a process works on the run in a folder, from whatever machine and without clocks. */
export function runWatch(folder: string, watch = leaseWatch()): () => RunLife {
  return () => {
    const generation = generations(folder, key).at(-1);
    if (generation === undefined) return 'ended';
    const file = leaseFile(folder, key, generation);
    const text = readLease(file);
    // Just released, or taken over: the next look tells.
    if (text === undefined) return 'works';
    return watch.isOver(file, text) ? 'gone' : 'works';
  };
}

/**
 * Takes a run's folder. Where its last process was on another machine and does not look alive, this takes the minute
 * after which a lease is over.
 *
 * @throws UserError RUN_HELD where another process works on it
 */
export async function holdRun(folder: string): Promise<Lease> {
  const leases = folderLeases(folder);
  for (;;) {
    const lease = await leases.acquire(key);
    if (lease) return lease;
    const holder = holderOf(folder);
    if (holder?.alive) throw runIsHeld(folder, holder);
    await sleep(lookMilliseconds);
  }
}
