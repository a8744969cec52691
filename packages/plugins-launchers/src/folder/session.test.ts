import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { testSession } from '../testing/session.js';
import { currentSession, makeSession, removeSession, removeTraces } from './session.js';

test('a resumed run meets its workers in a new session, and the old one is gone', async () => {
  const { run, session } = await testSession();
  writeFileSync(join(session.waiting, 'n1'), 'left over');
  const next = await makeSession(run);
  expect(await currentSession(run)).toEqual(next);
  expect(next.path).not.toBe(session.path);
  expect(readdirSync(join(run, 'work'))).toHaveLength(1);
  expect(readdirSync(next.waiting)).toEqual([]);
});

test('what a run leaves half-made when it is killed goes with the next session', async () => {
  const { run } = await testSession();
  mkdirSync(join(run, 'work/.aside-x/waiting'), { recursive: true });
  await makeSession(run);
  expect(readdirSync(join(run, 'work'))).toHaveLength(1);
});

test('nothing is left at the end, also of a worker that came just then', async () => {
  const { run, session } = await testSession();
  await removeSession(session);
  expect(await currentSession(run)).toBeUndefined();
  expect(existsSync(join(run, 'work'))).toBe(false);
  mkdirSync(session.workers, { recursive: true });
  await removeTraces(session);
  expect(readdirSync(run)).toEqual([]);
});
