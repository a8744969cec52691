import { existsSync } from 'node:fs';
import { rm, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { isAside, isLeftOver } from './asides.js';
import type { CacheEntry, Damage, Maintenance } from './cache.js';
import { collect } from './collect.js';
import { filesIn, type CacheFiles } from './files.js';
import { readLease } from './lease-files.js';
import { loadObject, readEntry } from './results.js';
import { runNotes } from './run-notes.js';
import { writeError } from './write-whole.js';
import { isGone, writerOf } from './writer.js';

/** Looks after a cache in a folder. */
export function folderMaintenance(files: CacheFiles): Maintenance {
  const { folder, objectFile } = files;
  const parts = async (name: string) =>
    (await filesIn(join(folder, name))).filter((file) => !isAside(basename(file)));
  const list = async () => {
    const entries: CacheEntry[] = [];
    for (const file of await parts('keys')) {
      const entry = await readEntry(file).catch(() => undefined);
      if (entry) entries.push(entry);
    }
    return entries.sort((a, b) => (a.created < b.created ? -1 : 1));
  };
  return {
    list,
    ...runNotes(files),
    collect: async (request) => collect(files, await list(), request),

    async verify(remove) {
      const damage: Damage[] = [];
      const broken = new Set<string>();
      const removed = async (file: string) => {
        if (!remove) return;
        await unlink(file).catch((error: unknown) => {
          // A run may have removed it meanwhile.
          if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw writeError(file, error);
        });
      };
      const report = async (file: string, what: string) => {
        damage.push({ file, what });
        await removed(file);
      };
      for (const file of await parts('objects')) {
        try {
          await loadObject(file);
        } catch {
          // A run may have replaced or removed it meanwhile.
          if (!existsSync(file)) continue;
          broken.add(basename(file));
          await report(file, 'its content does not fit its digest');
        }
      }
      for (const file of await parts('keys')) {
        const entry = await readEntry(file).catch(() => undefined);
        if (!entry) {
          if (existsSync(file)) await report(file, 'the entry is not whole');
        } else if (
          Object.values(entry.outputs).some(
            ({ digest }) => broken.has(digest) || !existsSync(objectFile(digest)),
          )
        ) {
          await report(file, `an output of ${entry.label} is damaged or gone`);
        }
      }
      const leftOver: string[] = [];
      for (const file of await filesIn(folder)) {
        if (!(isAside(basename(file)) && (await isLeftOver(file))) && !isDeadLease(file)) continue;
        leftOver.push(file);
        await removed(file);
      }
      return { damage, leftOver };
    },

    async clear() {
      for (const part of ['keys', 'objects', 'checkpoints']) {
        const path = join(folder, part);
        await rm(path, { recursive: true, force: true }).catch((error: unknown) => {
          throw writeError(path, error);
        });
      }
    },
  };
}

/** Whether a file is the lease of a process that is gone; the next who wants it would take it over. */
function isDeadLease(file: string): boolean {
  if (basename(dirname(file)) !== 'leases') return false;
  const writer = writerOf(readLease(file)?.split(' ')[0] ?? '');
  return writer !== undefined && isGone(writer);
}
