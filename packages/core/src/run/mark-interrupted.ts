import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { writeWhole } from '../cache/write-whole.js';
import type { Manifest } from '../contracts/manifest.js';

/** Marks a run as interrupted whose process was ended before it could do so itself. */
export async function markInterrupted(folder: string): Promise<void> {
  const file = join(folder, 'manifest.json');
  const manifest = JSON.parse(await readFile(file, 'utf8')) as Manifest;
  if (manifest.status !== 'running') return;
  const changed: Manifest = {
    ...manifest,
    status: 'interrupted',
    finished: new Date().toISOString(),
  };
  await writeWhole(file, [Buffer.from(`${JSON.stringify(changed, null, 2)}\n`)]);
}
