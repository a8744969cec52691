import { appendFileSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';

import { testSession } from '../testing/session.js';
import { append, claim, offer, putBack, readLines, readOrder, withdraw } from './job-file.js';
import type { JobLine, JobOrder } from './job-file.js';
import { takenBy } from './session.js';

const order = (node: string): JobOrder => ({
  job: { plan: { digest: 'd' }, node, inputs: {}, threads: 1, useCache: true },
  cache: '/cache',
});
const info = (message: string): JobLine => ({
  type: 'event',
  event: { node: 'n', type: 'info', message },
});

property.prop([fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 12 }), fc.nat(5)], {
  numRuns: 15,
})(
  'of many workers that want every job, each job goes to one, or back to the run',
  async (jobs, workers, wanted) => {
    const { session } = await testSession();
    const ids = Array.from({ length: jobs }, (_, index) => `n${index}`);
    await Promise.all(ids.map((id) => offer(session, id, order(id))));
    const claimed: string[] = [];
    const takeAll = async (worker: string) => {
      for (const id of ids) {
        const file = await claim(session, id, worker);
        if (file === undefined) continue;
        claimed.push(id);
        expect(await readOrder(file)).toEqual(order(id));
        expect(takenBy(file)).toEqual({ job: id, worker });
      }
    };
    const back: string[] = [];
    const takeBack = async (id: string) => void ((await withdraw(session, id)) && back.push(id));
    await Promise.all([
      ...Array.from({ length: workers }, (_, index) => takeAll(`host@${index}.a1`)),
      ...ids.slice(0, wanted).map(takeBack),
    ]);
    expect([...claimed, ...back].sort()).toEqual([...ids].sort());
    expect(readdirSync(session.waiting)).toEqual([]);
  },
);

test('a renaming whose answer was lost still counts', async () => {
  const { session } = await testSession();
  writeFileSync(join(session.taken, 'n1.host@1.aa'), `${JSON.stringify(order('n1'))}\n`);
  expect(await claim(session, 'n1', 'host@1.aa')).toBe(join(session.taken, 'n1.host@1.aa'));
  expect(await claim(session, 'n1', 'host@2.bb')).toBeUndefined();
});

property.prop([
  fc.array(fc.string({ unit: 'binary', maxLength: 12 }), { maxLength: 12 }),
  fc.array(fc.nat(400), { maxLength: 12 }),
])(
  'what a job tells is read once and in its order, wherever reading cuts it',
  async (told, cuts) => {
    const { session } = await testSession();
    await offer(session, 'n1', order('n1'));
    const file = (await claim(session, 'n1', 'host@1.aa'))!;
    const bytes = Buffer.from(told.map((text) => `${JSON.stringify(info(text))}\n`).join(''));
    const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])];
    places.sort((a, b) => a - b);
    const heard: JobLine[] = [];
    let offset = 0;
    for (const [index, place] of places.entries()) {
      appendFileSync(file, bytes.subarray(places[index - 1] ?? 0, place));
      const news = (await readLines(file, offset))!;
      heard.push(...news.lines);
      offset = news.offset;
    }
    expect(heard).toEqual(told.map(info));
  },
);

test('a line that was cut, by a full disk, takes no whole one with it', async () => {
  const { session } = await testSession();
  await offer(session, 'n1', order('n1'));
  const file = (await claim(session, 'n1', 'host@1.aa'))!;
  await append(file, '{"type":"event","ev');
  await append(file, `\n${JSON.stringify(info('whole'))}\n`);
  expect((await readLines(file, 0))!.lines).toEqual([info('whole')]);
});

test('a job that is put back keeps what it has told, and another worker goes on', async () => {
  const { session } = await testSession();
  await offer(session, 'n1', order('n1'));
  const first = (await claim(session, 'n1', 'host@1.aa'))!;
  await append(first, `${JSON.stringify(info('one'))}\n`);
  expect(await putBack(session, 'n1', first)).toBe(true);
  const second = (await claim(session, 'n1', 'host@2.bb'))!;
  await append(second, `${JSON.stringify(info('two'))}\n`);
  expect(await readOrder(second)).toEqual(order('n1'));
  expect((await readLines(second, 0))!.lines).toEqual([info('one'), info('two')]);
});

test('nothing comes to be again in a session that was removed', async () => {
  const { session } = await testSession();
  await offer(session, 'n1', order('n1'));
  const file = (await claim(session, 'n1', 'host@1.aa'))!;
  rmSync(session.path, { recursive: true });
  expect(await append(file, 'x\n')).toBe(false);
  expect(await putBack(session, 'n1', file)).toBe(false);
  expect(await readLines(file, 0)).toBeUndefined();
  expect(existsSync(session.path)).toBe(false);
});
