import { existsSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { writeError } from '../cache/write-whole.js';

const lookMilliseconds = 1000;
const fileIn = (folder: string) => join(folder, 'cancel');

/** How a run shall end: after the checkpoints that are due, or at once. */
export type CancelHow = 'soon' | 'now';

/** Asks the run in a folder to end, from whatever machine. */
export async function askToEnd(folder: string, how: CancelHow): Promise<void> {
  const file = fileIn(folder);
  await writeFile(file, how).catch((error: unknown) => {
    throw writeError(file, error);
  });
}

/** Looks now and then whether a run shall end. What was asked before counts no more. */
export function watchForCancel(folder: string, end: (how: CancelHow) => void): () => void {
  const file = fileIn(folder);
  rmSync(file, { force: true });
  const timer = setInterval(() => {
    if (!existsSync(file)) return;
    try {
      end(readFileSync(file, 'utf8') === 'now' ? 'now' : 'soon');
    } catch {
      // It is being written, or was removed.
    }
  }, lookMilliseconds);
  timer.unref();
  return () => {
    clearInterval(timer);
    rmSync(file, { force: true });
  };
}
