import { readdirSync } from 'node:fs';
import { open } from 'node:fs/promises';

import { expect, test } from 'vitest';

import { workspace } from '../testing/workspace.js';
import { openCache } from './open.js';
import type { OpenFile } from './write-whole.js';

/** A disk on which the second write of each file finds no space. */
const fullDisk: OpenFile = async (path, flags) => {
  const file = await open(path, flags);
  let writes = 0;
  const write = file.writeFile.bind(file);
  file.writeFile = (async (...args: Parameters<typeof write>) => {
    if (++writes === 2) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    return write(...args);
  }) as typeof file.writeFile;
  return file;
};

test('a full disk is a clear error, and nothing half-written is left', async () => {
  const at = workspace();
  const cache = openCache(at.folder, fullDisk);
  await expect(cache.results.put({ x: new Float32Array(1000) })).rejects.toMatchObject({
    code: 'DISK_FULL',
    errorClass: 'environment',
  });
  const left = readdirSync(at.folder, { recursive: true, withFileTypes: true });
  expect(left.filter((entry) => entry.isFile())).toEqual([]);
});

test.each(['s3://bucket/prefix', 'ftp://host/folder'])(
  'an address is no folder: %s',
  (location) => {
    expect(() => openCache(location)).toThrow(
      expect.objectContaining({ code: 'NO_CACHE_FOLDER' }) as Error,
    );
  },
);
