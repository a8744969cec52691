import { readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';

import { isGone, uniqueName, writerOf } from './writer.js';

const prefix = '.aside-';
/** Where its writer cannot be asked, an aside is left alone for a day, which no clock is wrong by unnoticed. */
const patienceMilliseconds = 24 * 3600 * 1000;

/** The name of a file that is being written, before it gets its own. */
export const asideName = () => `${prefix}${uniqueName()}`;

export const isAside = (name: string) => name.startsWith(prefix);

/** Whether nobody will finish an aside any more. */
export async function isLeftOver(file: string): Promise<boolean> {
  const writer = writerOf(file);
  if (writer && isGone(writer)) return true;
  const found = await stat(file).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > patienceMilliseconds;
}

/** Removes what writers that are gone have left half-written in a folder. */
export async function sweepAsides(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const file = join(folder, name);
    if (isAside(name) && (await isLeftOver(file))) await unlink(file).catch(() => undefined);
  }
}
