import { mkdirSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { isGone, uniqueName, writerOf } from '../cache/writer.js';

const prefix = 'privatesnn-isolated-';
let isSwept = false;

/** A folder for one isolated process, and how it is removed: the only one that the process may write to. */
export function privateFolder(): { readonly path: string; readonly remove: () => void } {
  if (!isSwept) sweep();
  isSwept = true;
  // Node looks at where links lead before it gives a permission.
  const path = join(realpathSync(tmpdir()), `${prefix}${uniqueName()}`);
  mkdirSync(path, { mode: 0o700 });
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Removes what processes that are gone have left. */
function sweep(): void {
  for (const name of readdirSync(tmpdir())) {
    const writer = name.startsWith(prefix) ? writerOf(name) : undefined;
    if (!writer || !isGone(writer)) continue;
    try {
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
    } catch {
      // Another user's.
    }
  }
}
