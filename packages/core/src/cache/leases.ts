import { mkdirSync, rmSync, unlinkSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';

import type { Lease, Leases } from './cache.js';
import { generations, leaseFile, makeLease, readLease } from './lease-files.js';
import { writeError } from './write-whole.js';
import { isGone, uniqueName, writerOf } from './writer.js';

/** A lease whose file has not changed for so long has expired; measured by the observer's own steady clock. */
const lifetimeMilliseconds = 60_000;
const renewMilliseconds = 15_000;

/**
 * Leases in a folder. Neither file locks nor the clocks of hosts are relied on.
 *
 * @param lifetime milliseconds
 * @param clock milliseconds of a steady clock
 */
export function folderLeases(
  folder: string,
  lifetime = lifetimeMilliseconds,
  clock: () => number = () => performance.now(),
): Leases {
  /** What was seen of others' leases, and since when it has been so. */
  const seen = new Map<string, { readonly text: string; readonly since: number }>();

  /** Whether nobody renews a lease any more. */
  function isOver(file: string, text: string): boolean {
    const writer = writerOf(text.split(' ')[0]!);
    if (writer && isGone(writer)) return true;
    const now = clock();
    const before = seen.get(file);
    if (before?.text !== text) {
      seen.set(file, { text, since: now });
      return false;
    }
    return now - before.since > lifetime;
  }

  return {
    acquire(key) {
      return Promise.resolve().then(() => {
        const before = generations(folder, key);
        const last = before.at(-1);
        const lastFile = last === undefined ? undefined : leaseFile(folder, key, last);
        const lastText = lastFile === undefined ? undefined : readLease(lastFile);
        if (lastFile !== undefined) {
          // Gone between listing and reading: it was released, and the next try finds it so.
          if (lastText === undefined || !isOver(lastFile, lastText)) return undefined;
        }
        const generation = (last ?? 0) + 1;
        const file = leaseFile(folder, key, generation);
        const text = uniqueName();
        try {
          mkdirSync(folder, { recursive: true });
          if (!makeLease(file, text)) return undefined;
        } catch (error) {
          throw writeError(file, error);
        }
        // Whoever made another one meanwhile looks, too: at least one of us sees the other and withdraws.
        const others = generations(folder, key).filter((other) => other !== generation);
        const dead = (other: number) =>
          other === last && readLease(leaseFile(folder, key, other)) === lastText;
        if (!others.every((other) => dead(other) || (before.includes(other) && other < last!))) {
          unlinkSync(file);
          return undefined;
        }
        for (const other of others) rmSync(leaseFile(folder, key, other), { force: true });
        seen.clear();
        return hold({ folder, key, generation, text }, lifetime);
      });
    },
  };
}

interface Held {
  readonly folder: string;
  readonly key: string;
  readonly generation: number;
  readonly text: string;
}

let keeper: Worker | undefined;
let count = 0;
const held = new Map<number, AbortController>();

function hold(lease: Held, lifetime: number): Lease {
  const id = count++;
  const lost = new AbortController();
  held.set(id, lost);
  keeper ??= startKeeper(Math.min(renewMilliseconds, lifetime / 4));
  keeper.postMessage({ keep: id, ...lease });
  return {
    lost: lost.signal,
    release() {
      held.delete(id);
      keeper?.postMessage({ drop: id });
      const { folder, key, generation } = lease;
      // Lost leases are another's.
      if (!lost.signal.aborted) rmSync(leaseFile(folder, key, generation), { force: true });
      return Promise.resolve();
    },
  };
}

function startKeeper(interval: number): Worker {
  const worker = new Worker(new URL('./lease-keeper.js', import.meta.url), {
    workerData: { interval },
  });
  worker.unref();
  worker.on('message', ({ lost }: { lost: number }) => held.get(lost)?.abort());
  // Without it leases expire after a while; the next one starts it anew.
  worker.on('error', () => (keeper = undefined));
  return worker;
}
