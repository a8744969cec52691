import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

import { packageFileLimit, readOrdinary } from '../files/read-ordinary.js';

/**
 * The cache's folder: PRIVATESNN_CACHE, else `.privatesnn/cache` in the nearest folder upwards that has one or
 * is a workspace's root, else in `start`.
 */
export function cacheFolder(start = process.cwd()): string {
  const named = process.env['PRIVATESNN_CACHE'];
  if (named) return resolve(named);
  for (let folder = resolve(start); ; folder = dirname(folder)) {
    if (existsSync(join(folder, '.privatesnn')) || isWorkspace(folder)) {
      return join(folder, '.privatesnn', 'cache');
    }
    if (dirname(folder) === folder) return join(resolve(start), '.privatesnn', 'cache');
  }
}

function isWorkspace(folder: string): boolean {
  try {
    const bytes = readOrdinary(join(folder, 'package.json'), packageFileLimit);
    const manifest: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof manifest === 'object' && manifest !== null && 'workspaces' in manifest;
  } catch {
    return false;
  }
}

/** Where what is no experiment's own is kept (downloaded datasets), by the habits of the platform. */
export function userCacheFolder(): string {
  return join(platformCache(), 'privatesnn');
}

function platformCache(): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (XDG_CACHE_HOME) return XDG_CACHE_HOME;
  if (process.platform === 'win32' && LOCALAPPDATA) return LOCALAPPDATA;
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches');
  return join(homedir(), '.cache');
}
