import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * All stages, reporters and launchers of the built plugins, sorted by id, each with the name of its plugin.
 *
 * @param {string} packages the folder of the packages
 */
export async function loadStages(packages) {
  const stages = [];
  for (const name of (await readdir(packages)).sort()) {
    const folder = join(packages, name);
    const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    if (!manifest.privatesnn?.plugin) continue;
    const { default: plugin } = await importPlugin(join(folder, manifest.exports['.'].default));
    const { stages: own = [], reporters = [], launchers = [] } = plugin ?? {};
    for (const stage of [...own, ...reporters, ...launchers]) {
      stages.push({ ...stage, plugin: manifest.name });
    }
  }
  const twice = stages.find(({ id }, i) => stages.findIndex((other) => other.id === id) !== i);
  if (twice) throw new Error(`Two stages are called "${twice.id}"; they would share a page.`);
  return stages.sort((a, b) => (a.id < b.id ? -1 : 1));
}

async function importPlugin(file) {
  try {
    return await import(pathToFileURL(file).href);
  } catch (cause) {
    throw new Error(`${file} cannot be loaded; run npm run build first.`, { cause });
  }
}
