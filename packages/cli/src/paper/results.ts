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

/** A table or figure in the report: its run, or why there is none. */
export interface ItemResult {
  readonly item: Item;
  readonly run: ItemRun | null;
  readonly reason: string | null;
}

/**
 * The newest finished run of an item in a folder of run folders.
 *
 * @param profile only runs with this profile; undefined takes any
 */
export async function newestRun(
  out: string,
  item: Item,
  profile: string | undefined,
): Promise<ItemRun | null> {
  const folders = await readdir(out, { withFileTypes: true }).catch(() => []);
  const found: ItemRun[] = [];
  for (const entry of folders) {
    if (!entry.isDirectory() || !entry.name.startsWith(`${item.plan.name}-`)) continue;
    const folder = join(out, entry.name);
    const manifest = await readJson<Manifest>(join(folder, 'manifest.json'));
    if (manifest?.name !== item.plan.name || manifest.status !== 'finished') continue;
    if (profile !== undefined && manifest.profile !== profile) continue;
    const table = await readJson<{ cells: Comparison[] }>(join(folder, `${item.table}.json`));
    if (table === null) continue;
    const files = ['grid.png', 'report.html'].filter((file) => existsSync(join(folder, file)));
    found.push({ folder, manifest, cells: table.cells, files });
  }
  return found.reduce<ItemRun | null>(
    (newest, run) =>
      newest === null || run.manifest.started >= newest.manifest.started ? run : newest,
    null,
  );
}

/** null for a file that is not there or was not written to its end. */
async function readJson<T>(file: string): Promise<T | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as T;
  } catch {
    return null;
  }
}
