import { readdir, readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import type { Manifest } from '@privatesnn/core';
import type { Comparison } from '@privatesnn/plugins-reporters';

import type { Item } from './items.js';

/** What a finished run says about a table or figure. */
export interface ItemRun {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly cells: readonly Comparison[];
  /** Names of files in the run folder that a reader may want to see: grid.png, report.html. */
  readonly files: readonly string[];
}

/**
 * The newest finished run of an item with each profile, in a folder of run folders: `paper` first, then `desk`, then
 * the others by name.
 *
 * @param profile only runs with this profile; undefined takes all
 */
export async function newestRuns(
  out: string,
  item: Item,
  profile: string | undefined,
): Promise<ItemRun[]> {
  const folders = await readdir(out, { withFileTypes: true }).catch(() => []);
  const newest = new Map<string | null, ItemRun>();
  for (const entry of folders) {
    if (!entry.isDirectory() || !entry.name.startsWith(`${item.plan.name}-`)) continue;
    const folder = join(out, entry.name);
    const manifest = await readJson<Manifest>(join(folder, 'manifest.json'));
    if (manifest?.name !== item.plan.name || manifest.status !== 'finished') continue;
    if (profile !== undefined && manifest.profile !== profile) continue;
    const before = newest.get(manifest.profile);
    if (before !== undefined && manifest.started < before.manifest.started) continue;
    const table = await readJson<{ cells: Comparison[] }>(join(folder, `${item.table}.json`));
    if (table === null) continue;
    const files = ['grid.png', 'report.html'].filter((file) => existsSync(join(folder, file)));
    newest.set(manifest.profile, { folder, manifest, cells: table.cells, files });
  }
  return [...newest]
    .sort(([a], [b]) => rank(a) - rank(b) || (a ?? '').localeCompare(b ?? '', 'en'))
    .map(([, run]) => run);
}

const preferred: readonly (string | null)[] = ['paper', 'desk'];

function rank(profile: string | null): number {
  const index = preferred.indexOf(profile);
  return index < 0 ? preferred.length : index;
}

/** null for a file that is not there or was not written to its end. */
async function readJson<T>(file: string): Promise<T | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as T;
  } catch {
    return null;
  }
}
