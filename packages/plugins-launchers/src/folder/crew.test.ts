import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { folderLeases, leaseMilliseconds, leaseWatch, uniqueName } from '@privatesnn/core';

import { testSession } from '../testing/session.js';
import { createCrew, shownName } from './crew.js';

const ids = (workers: readonly { readonly id: string }[]) => workers.map(({ id }) => id);

test('a worker is there while its lease changes, and gone a minute after the last change', async () => {
  const { session } = await testSession();
  let now = 0;
  const crew = createCrew(
    session,
    leaseWatch(leaseMilliseconds, () => now),
  );
  const elsewhere = uniqueName().replace(/^\w{12}/, '0'.repeat(12));
  const renew = (beat: number) =>
    writeFileSync(join(session.workers, 'far@7.ab.1'), `${elsewhere} ${beat}`);
  for (let beat = 0; beat < 20; beat++, now += 15_000) {
    renew(beat);
    expect(ids((await crew.look()).there)).toEqual(['far@7.ab']);
  }
  now += leaseMilliseconds - 15_000;
  expect(ids((await crew.look()).there)).toEqual(['far@7.ab']);
  now += 1;
  expect(await crew.look()).toEqual({ there: [], gone: ['far@7.ab'] });
  await crew.forget('far@7.ab');
  expect(await crew.look()).toEqual({ there: [], gone: [] });
});

test('one whose process has ended on this machine is gone at once', async () => {
  const { session } = await testSession();
  const { pid } = spawnSync('true');
  const name = uniqueName().replace(/-\d+-/, `-${pid}-`);
  writeFileSync(join(session.workers, 'here@1.ab.1'), `${name} 3`);
  expect((await createCrew(session).look()).gone).toEqual(['here@1.ab']);
});

test('a worker that is forgotten though it lives finds its lease lost', async () => {
  const { session } = await testSession();
  const lease = (await folderLeases(session.workers, 400).acquire('here@1.ab'))!;
  const crew = createCrew(session);
  expect(ids((await crew.look()).there)).toEqual(['here@1.ab']);
  await crew.forget('here@1.ab');
  await new Promise((lost) => lease.lost.addEventListener('abort', lost));
  expect(readdirSync(session.workers)).toEqual([]);
});

test('refusals are known with their reasons, half-written ones later', async () => {
  const { session } = await testSession();
  const lease = (await folderLeases(session.workers).acquire('here@1.ab'))!;
  const crew = createCrew(session);
  const file = join(session.refused, 'here@1.ab');
  writeFileSync(file, '{"status":"ref');
  expect((await crew.look()).there).toEqual([{ id: 'here@1.ab' }]);
  const refusal = { status: 'refused', error: { message: 'other code' } };
  writeFileSync(file, JSON.stringify(refusal));
  expect((await crew.look()).there).toEqual([{ id: 'here@1.ab', refusal }]);
  await lease.release();
  expect(shownName('node.example.org@12.ab')).toBe('node.example.org:12');
});
