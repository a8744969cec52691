import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';

import { packageFileLimit, readOrdinary } from '../files/read-ordinary.js';

/** Whether a cache's location is an address (`s3://bucket/prefix`) and no folder. */
export const isAddress = (location: string) => /^[a-z][a-z\d+.-]+:\/\//i.test(location);

/**
 * Where the cache is: the folder or address that is named, else PRIVATESNN_CACHE, else `.privatesnn/cache` in the nearest
 * folder upwards that has one or is a workspace's root, else in `start`. Folders are absolute.
 */
export function cacheLocation(named?: string, start = process.cwd()): string {
  const given = named ?? process.env['PRIVATESNN_CACHE'];
  if (given) return locationFrom('.', given);
  for (let folder = resolve(start); ; folder = dirname(folder)) {
    if (existsSync(join(folder, '.privatesnn')) || isWorkspace(folder)) {
      return join(folder, '.privatesnn', 'cache');
    }
    if (dirname(folder) === folder) return join(resolve(start), '.privatesnn', 'cache');
  }
}

/** The location that a text names in a folder. */
export function locationFrom(folder: string, text: string): string {
  return isAddress(text) ? text : resolve(folder, text);
}

/** A text that names a location in a folder, also when both have been moved. */
export function locationSeenFrom(folder: string, location: string): string {
  return isAddress(location) ? location : relative(folder, location);
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
