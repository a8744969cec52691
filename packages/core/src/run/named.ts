import { existsSync } from 'node:fs';
import { join } from 'node:path';

import type { Cache } from '../cache/cache.js';
import { readRun } from './state.js';

/** What the runs that use a cache name in it. */
export interface NamedByRuns {
  readonly keys: ReadonlySet<string>;
  readonly digests: ReadonlySet<string>;
  /** Folders of the runs that were read. */
  readonly runs: readonly string[];
  /** Folders of runs that work now. */
  readonly working: readonly string[];
  /** Whether a run has ended before its time, and may go on from its checkpoints. */
  readonly unfinished: boolean;
  /** Folders of runs of other machines that cannot be seen from here. */
  readonly unseen: readonly string[];
  /** Folders that were here and are gone. */
  readonly gone: readonly string[];
}

/**
 * Reads all runs that are noted in a cache, and others.
 *
 * @param more folders of further runs
 */
export async function namedByRuns(cache: Cache, more: readonly string[]): Promise<NamedByRuns> {
  const keys = new Set<string>();
  const digests = new Set<string>();
  const [working, unseen, gone]: [string[], string[], string[]] = [[], [], []];
  const folders = new Set(more);
  for (const { folder, here } of await cache.maintenance.runs()) {
    if (existsSync(join(folder, 'manifest.json'))) folders.add(folder);
    else (here ? gone : unseen).push(folder);
  }
  let unfinished = false;
  for (const folder of folders) {
    const { manifest, ended, status } = await readRun(folder);
    for (const { key, outputs } of [...manifest.stages, ...ended.values()]) {
      keys.add(key);
      for (const digest of Object.values(outputs)) digests.add(digest);
    }
    if (status === 'running') working.push(folder);
    if (status !== 'finished') unfinished = true;
  }
  return { keys, digests, runs: [...folders], working, unfinished, unseen, gone };
}
