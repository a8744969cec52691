import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The folder that holds node_api.h: npm's `nodedir`, beside this Node, or in the package node-api-headers. */
export function nodeHeaders() {
  const prefixes = [process.env.npm_config_nodedir, dirname(dirname(process.execPath))];
  const folders = prefixes.filter(Boolean).map((prefix) => join(prefix, 'include', 'node'));
  try {
    const headers = createRequire(import.meta.url).resolve('node-api-headers/package.json');
    folders.push(join(dirname(headers), 'include'));
  } catch {
    // The package is optional.
  }
  return folders.find((folder) => existsSync(join(folder, 'node_api.h')));
}
