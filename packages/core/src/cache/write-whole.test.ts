import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { expect, test } from 'vitest';

import { workspace } from '../testing/workspace.js';
import { asideName, isAside, isLeftOver } from './asides.js';
import { openCache } from './open.js';
import { writeWhole } from './write-whole.js';
import { isGone, thisWriter, uniqueName, writerOf } from './writer.js';

/** The id of a process that has ended. */
function endedProcess(): number {
  return spawnSync(process.execPath, ['-e', '']).pid;
}

const goneAside = () => {
  const { machine } = thisWriter();
  return `.aside-${machine}-${endedProcess()}-1-${'0'.repeat(16)}`;
};
const strangeAside = `.aside-0123456789ab-1-1-${'0'.repeat(16)}`;

test('a name tells its writer, and no two are equal', () => {
  const names = new Set(Array.from({ length: 1000 }, uniqueName));
  expect(names.size).toBe(1000);
  for (const name of names) expect(writerOf(name)).toEqual(thisWriter());
  expect(isGone(thisWriter())).toBe(false);
  expect(isGone({ ...thisWriter(), started: '1' })).toBe(true);
  expect(isGone({ ...thisWriter(), machine: '0123456789ab', pid: 1 })).toBe(false);
});

test('writers that fail remove nothing that is not theirs', async () => {
  const { folder } = workspace();
  const other = asideName();
  writeFileSync(join(folder, other), 'half-written');
  const refusing = () => Promise.reject(Object.assign(new Error('exists'), { code: 'EEXIST' }));
  const write = writeWhole(join(folder, 'x'), [Buffer.from('x')], { openFile: refusing });
  await expect(write).rejects.toMatchObject({ code: 'NOT_WRITABLE' });
  expect(readdirSync(folder)).toEqual([other]);
});

test('the first write into a folder sweeps what is left over by the dead, and nothing else', async () => {
  const { folder } = workspace();
  const living = asideName();
  const old = strangeAside.replace(/0$/, '1');
  for (const name of [goneAside(), living, strangeAside, old])
    writeFileSync(join(folder, name), '');
  const longAgo = new Date(Date.now() - 48 * 3600 * 1000);
  utimesSync(join(folder, old), longAgo, longAgo);
  await writeWhole(join(folder, 'x'), [Buffer.from('x')]);
  expect(readdirSync(folder).sort()).toEqual([living, strangeAside, 'x'].sort());
});

test('threads that write the same entries at once all succeed', () => {
  const { folder } = workspace();
  const testing = resolve(import.meta.dirname, '../testing');
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--import', join(testing, 'typescript-loader.js'), join(testing, 'write-threads.ts'), folder],
    { encoding: 'utf8' },
  );
  expect([status, stderr]).toEqual([0, '']);
  expect(readdirSync(folder)).toHaveLength(12);
  for (const name of readdirSync(folder)) {
    expect(readFileSync(join(folder, name), 'utf8')).toBe(`entry ${name}`);
  }
});

test('verify tells what is left over from what is damaged', async () => {
  const { folder } = workspace();
  const cache = openCache(folder);
  await cache.results.put({ x: new Float32Array(100) });
  const dead = join(folder, 'asides', goneAside());
  const lease = join(folder, 'leases', `${'ab'.repeat(32)}.1`);
  await writeWhole(lease, [Buffer.from(goneAside().replace('.aside-', ''))]);
  writeFileSync(dead, 'half');
  writeFileSync(join(folder, 'asides', asideName()), 'half');
  expect(await isLeftOver(dead)).toBe(true);
  const leftOver = [dead, lease].sort();
  const verdict = await cache.maintenance.verify(false);
  expect([verdict.damage, [...verdict.leftOver].sort()]).toEqual([[], leftOver]);
  expect([...(await cache.maintenance.verify(true)).leftOver].sort()).toEqual(leftOver);
  expect((await cache.maintenance.verify(false)).leftOver).toEqual([]);
  expect(readdirSync(join(folder, 'asides')).filter(isAside)).toHaveLength(1);
});

test('storing repairs a damaged object of the same size', async () => {
  const { folder } = workspace();
  const { results } = openCache(folder);
  const value = { x: new Float32Array(100) };
  const { digest } = await results.put(value);
  const handle = await open(join(folder, 'objects', digest.slice(0, 2), digest), 'r+');
  await handle.write(Buffer.from([1]), 0, 1, 300);
  await handle.close();
  await expect(results.load(digest)).rejects.toMatchObject({ code: 'CACHE_CORRUPT' });
  await results.put(value);
  expect(await results.load(digest)).toEqual(value);
});
