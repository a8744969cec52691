import { join, resolve } from 'node:path';

import type { Cache } from './cache.js';
import { folderCheckpoints } from './checkpoints.js';
import { cacheFiles } from './files.js';
import { folderLeases } from './leases.js';
import { folderMaintenance } from './maintenance.js';
import { folderResults } from './results.js';
import type { OpenFile } from './write-whole.js';

/**
 * Opens the cache in a folder; nothing is made before something is written.
 *
 * @param openFile how files are opened for writing
 */
export function openCache(location: string, openFile?: OpenFile): Cache {
  const folder = resolve(location);
  const files = cacheFiles(folder, openFile);
  return {
    location: folder,
    results: folderResults(files),
    checkpoints: folderCheckpoints(files),
    leases: folderLeases(join(folder, 'leases')),
    maintenance: folderMaintenance(files),
  };
}
