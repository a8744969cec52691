import { join, resolve } from 'node:path';

import { noFolder } from '../errors/templates/cache.js';
import type { Cache, Leases } from './cache.js';
import { storedCheckpoints } from './checkpoints.js';
import { folderLeases } from './folder-leases.js';
import { folderStore } from './folder-store.js';
import { isAddress } from './location.js';
import { storedMaintenance } from './maintenance.js';
import { storedResults } from './results.js';
import type { Store } from './store.js';
import type { OpenFile } from './write-whole.js';

/**
 * Opens the cache in a folder; nothing is made before something is written.
 *
 * @param openFile how files are opened for writing
 * @throws UserError NO_CACHE_FOLDER where the location is an address
 */
export function openCache(location: string, openFile?: OpenFile): Cache {
  if (isAddress(location)) throw noFolder(location);
  const folder = resolve(location);
  return cacheIn(folderStore(folder, openFile), folderLeases(join(folder, 'leases')));
}

/** The cache whose files are in a store. */
export function cacheIn(store: Store, leases: Leases): Cache {
  return {
    location: store.location,
    results: storedResults(store),
    checkpoints: storedCheckpoints(store),
    leases,
    maintenance: storedMaintenance(store),
  };
}
