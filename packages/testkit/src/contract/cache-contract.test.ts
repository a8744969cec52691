import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

import { folderLeases, openCache } from '@privatesnn/core';

import { runCacheContract } from './cache-contract.js';

runCacheContract('a folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'privatesnn-cache-'));
  const placeOf = (name: string) => join(folder, name);
  const write = async (name: string, bytes: Uint8Array | string) => {
    await mkdir(dirname(placeOf(name)), { recursive: true });
    await writeFile(placeOf(name), bytes);
  };
  return Promise.resolve({
    open: (lifetime, clock) => ({
      ...openCache(folder),
      leases: folderLeases(join(folder, 'leases'), lifetime, clock),
    }),
    read: (name) => readFile(placeOf(name)),
    write,
    remove: (name) => unlink(placeOf(name)),
    async names() {
      const all = await readdir(folder, { recursive: true, withFileTypes: true });
      const files = all.filter((entry) => entry.isFile());
      return files.map((entry) => relative(folder, join(entry.parentPath, entry.name)));
    },
    placeOf,
    async setLease(key, text) {
      // A higher generation, as one who takes over makes it, and removes those before.
      await write(`leases/${key}.7`, text);
      const mine = `${key}.7`;
      for (const name of await readdir(placeOf('leases'))) {
        if (name !== mine) await unlink(placeOf(`leases/${name}`));
      }
    },
    end: () => Promise.resolve(rmSync(folder, { recursive: true, force: true })),
  });
});
