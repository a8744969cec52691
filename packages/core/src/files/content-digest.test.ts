import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { workspace, type Workspace } from '../testing/workspace.js';
import { fileDigest, filesDigest } from './content-digest.js';

let at: Workspace;
beforeEach(() => {
  at = workspace({ 'set/a.png': 'one', 'set/cat/b.png': 'two' });
  vi.stubEnv('XDG_CACHE_HOME', at.file('cache'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.useRealTimers();
  vi.resetModules();
});

const names = ['a.png', 'cat/b.png'];
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** Digests as a later process computes them, once the files' times have settled. */
async function later() {
  vi.resetModules();
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
  return import('./content-digest.js');
}

/** The one index that was kept. */
function index(): string {
  const folder = at.file('cache/privatesnn/digests');
  const files = readdirSync(folder);
  expect(files).toHaveLength(1);
  return join(folder, files[0]!);
}

test('is of content and names, not of place, order or times', async () => {
  expect(await fileDigest(at.file('set/a.png'))).toBe(sha256('one'));
  const digest = await filesDigest(at.file('set'), names);
  cpSync(at.file('set'), at.file('copy'), { recursive: true });
  utimesSync(at.file('copy/a.png'), 1, 1);
  expect(await filesDigest(at.file('copy'), names.toReversed())).toBe(digest);
  renameSync(at.file('copy/a.png'), at.file('copy/c.png'));
  expect(await filesDigest(at.file('copy'), ['c.png', 'cat/b.png'])).not.toBe(digest);
  await expect(filesDigest(at.file('copy'), names)).rejects.toMatchObject({
    code: 'FILE_UNREADABLE',
    message: `There is no file at ${at.file('copy/a.png')}.`,
  });
  await expect(fileDigest('/dev/zero')).rejects.toThrow('Cannot read the file /dev/zero.');
  await expect(fileDigest(at.file('copy'))).rejects.toThrow('Cannot read the file');
});

test('sees a file that was replaced by one of the same size and times', async () => {
  const path = at.file('set/a.png');
  utimesSync(path, 1, 1);
  const first = await (await later()).filesDigest(at.file('set'), names);
  writeFileSync(path, 'ONE');
  utimesSync(path, 1, 1);
  expect(await (await later()).filesDigest(at.file('set'), names)).not.toBe(first);
});

test('sees a second change within one tick of the clock', async () => {
  const first = await filesDigest(at.file('set'), names);
  writeFileSync(at.file('set/a.png'), 'ONE');
  expect(await filesDigest(at.file('set'), names)).not.toBe(first);
  // Nothing was kept of files whose times are this fresh.
  expect(() => index()).toThrow('ENOENT');
});

test('a later process takes an unchanged file for what it was, and reads a changed one', async () => {
  const digest = await (await later()).filesDigest(at.file('set'), names);
  const kept = JSON.parse(readFileSync(index(), 'utf8')) as { files: Record<string, string[]> };
  expect(Object.keys(kept.files)).toEqual(names);
  expect(kept.files['a.png']![1]).toBe(sha256('one'));
  // What stands in the index is taken, so the file was not read.
  kept.files['a.png']![1] = sha256('other');
  writeFileSync(index(), JSON.stringify(kept));
  const other = await (await later()).filesDigest(at.file('set'), names);
  expect(other).not.toBe(digest);
  utimesSync(at.file('set/a.png'), 2, 2);
  expect(await (await later()).filesDigest(at.file('set'), names)).toBe(digest);
});

test.each(['', '{', 'null', '{"folder":"elsewhere","files":{}}', '{"files":{"a.png":[1,2]}}'])(
  'an index that holds %s is passed over',
  async (text) => {
    const digest = await (await later()).filesDigest(at.file('set'), names);
    writeFileSync(index(), text);
    expect(await (await later()).filesDigest(at.file('set'), names)).toBe(digest);
  },
);

test('forgets files that are gone, and works where nothing can be kept', async () => {
  const digest = await (await later()).filesDigest(at.file('set'), names);
  renameSync(at.file('set/cat'), at.file('set/dog'));
  await (await later()).filesDigest(at.file('set'), ['a.png', 'dog/b.png']);
  const kept = JSON.parse(readFileSync(index(), 'utf8')) as { files: object };
  expect(Object.keys(kept.files).sort()).toEqual(['a.png', 'dog/b.png']);
  at.write('blocked', '');
  vi.stubEnv('XDG_CACHE_HOME', at.file('blocked'));
  renameSync(at.file('set/dog'), at.file('set/cat'));
  expect(await (await later()).filesDigest(at.file('set'), names)).toBe(digest);
});
