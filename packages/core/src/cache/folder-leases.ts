import { mkdirSync, rmSync, unlinkSync } from 'node:fs';

import type { Leases } from './cache.js';
import { generations, leaseFile, makeLease, readLease } from './lease-files.js';
import { leaseKeeper, type LeaseKeeper } from './lease-keeper.js';
import { leaseMilliseconds, leaseWatch } from './lease-watch.js';
import { writeError } from './write-whole.js';
import { uniqueName } from './writer.js';

/** One thread for all folders with leases of one lifetime. */
const keepers = new Map<number, LeaseKeeper>();

/**
 * Leases in a folder. Neither file locks nor the clocks of hosts are relied on.
 *
 * @param lifetime milliseconds
 * @param clock milliseconds of a steady clock
 */
export function folderLeases(
  folder: string,
  lifetime = leaseMilliseconds,
  clock?: () => number,
): Leases {
  const watch = leaseWatch(lifetime, clock);
  return {
    acquire(key) {
      return Promise.resolve().then(() => {
        const before = generations(folder, key);
        const last = before.at(-1);
        const lastFile = last === undefined ? undefined : leaseFile(folder, key, last);
        const lastText = lastFile === undefined ? undefined : readLease(lastFile);
        if (lastFile !== undefined) {
          // Gone between listing and reading: it was released, and the next try finds it so.
          if (lastText === undefined || !watch.isOver(lastFile, lastText)) return undefined;
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
        watch.forget();
        return keeperOf(lifetime).hold({ folder, key, generation, text }, () => {
          rmSync(file, { force: true });
          return Promise.resolve();
        });
      });
    },
  };
}

function keeperOf(lifetime: number): LeaseKeeper {
  const script = new URL('./folder-lease-thread.js', import.meta.url);
  const keeper = keepers.get(lifetime) ?? leaseKeeper(script, {}, lifetime);
  keepers.set(lifetime, keeper);
  return keeper;
}
