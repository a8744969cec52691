import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where downloaded datasets are kept: the user's cache folder, by the habits of the platform. */
export function datasetCache(dataset: string): string {
  return join(userCache(), 'privatesnn', 'datasets', dataset);
}

function userCache(): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (XDG_CACHE_HOME) return XDG_CACHE_HOME;
  if (process.platform === 'win32' && LOCALAPPDATA) return LOCALAPPDATA;
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches');
  return join(homedir(), '.cache');
}
