import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';

import { readManifest, suggestion, UserError } from '@privatesnn/core';

/** Folders of runs may lie so deep in the folder that is searched: `runs/paper/table1-…`. */
const deepest = 3;

/** The folders of runs in a folder, the oldest first. */
export async function runFolders(parent: string): Promise<string[]> {
  const found: { folder: string; started: string }[] = [];
  const visit = async (folder: string, depth: number): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (!entry.isDirectory() || entry.name === 'node_modules') continue;
      const inner = join(folder, entry.name);
      if (!existsSync(join(inner, 'manifest.json'))) {
        if (depth < deepest) await visit(inner, depth + 1);
        continue;
      }
      const manifest = await readManifest(inner).catch(() => undefined);
      if (manifest) found.push({ folder: inner, started: manifest.started });
    }
  };
  await visit(resolve(parent), 1);
  const order = new Intl.Collator('en', { numeric: true });
  return found
    .sort((a, b) => order.compare(a.started, b.started) || order.compare(a.folder, b.folder))
    .map(({ folder }) => folder);
}

/**
 * The folder of a run that a user named: by its path, its name in the folder `out`, the beginning of names (the newest
 * of them), or `last`.
 *
 * @throws UserError UNKNOWN_RUN
 */
export async function findRun(name: string, out: string): Promise<string> {
  if (existsSync(join(name, 'manifest.json'))) return resolve(name);
  const folders = await runFolders(out);
  const exact = folders.find((folder) => basename(folder) === name);
  const fitting = folders.filter((folder) => name === 'last' || basename(folder).startsWith(name));
  const found = exact ?? fitting.at(-1);
  if (found !== undefined) return found;
  throw new UserError('configuration', 'UNKNOWN_RUN', `There is no run "${name}" in ${out}.`, {
    hint:
      folders.length === 0
        ? 'Give the folder of a run, or name the folder that holds it by --out.'
        : suggestion(
            name,
            folders.map((folder) => basename(folder)),
            'runs',
          ),
  });
}
