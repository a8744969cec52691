import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';

import { nearestFileName } from './suggest.js';

/** For a path that does not exist: the name that was likely meant for its first part that is not there. */
export function nearestFile(path: string): string | undefined {
  const folder = dirname(path);
  if (folder === path) return undefined;
  if (!existsSync(folder)) return nearestFile(folder);
  try {
    return nearestFileName(basename(path), readdirSync(folder));
  } catch {
    // A folder that cannot be read, or a file in its place, has nothing to suggest.
    return undefined;
  }
}
