import { readdirSync, writeSync } from 'node:fs';

import { expect, test, vi } from 'vitest';

import { workspace } from '../testing/workspace.js';
import { folderLeases } from './folder-leases.js';

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  return { ...fs, writeSync: vi.fn(fs.writeSync) };
});

test('a lease that a full disk has no room for leaves nothing that others would wait for', async () => {
  const { folder } = workspace();
  const leases = folderLeases(folder);
  vi.mocked(writeSync).mockImplementationOnce(() => {
    throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
  });
  await expect(leases.acquire('key')).rejects.toMatchObject({ code: 'DISK_FULL' });
  expect(readdirSync(folder)).toEqual([]);
  const lease = await leases.acquire('key');
  expect(lease).toBeDefined();
  await lease?.release();
});
