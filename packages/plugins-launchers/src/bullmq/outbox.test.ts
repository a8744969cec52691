import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';

import type { NodeEvent, NodeOutcome } from '@privatesnn/core';

import type { News, Told } from './messages.js';
import { createOutbox, withNews } from './outbox.js';

const pauses = { batch: 1, again: 1 };
const info = (job: string, message: string): Told => ({
  type: 'events',
  job,
  events: [{ node: job, type: 'info', message }],
});
const progress = (job: string, done: number): Told => ({
  type: 'events',
  job,
  events: [{ node: job, type: 'stage-progress', done, total: 100, note: undefined }],
});
const outcome = (job: string): Told => {
  const ended: NodeOutcome = { status: 'elsewhere' };
  return { type: 'outcome', job, outcome: ended };
};
const flat = (list: readonly Told[]) =>
  list.flatMap((told): (NodeEvent | Told)[] =>
    told.type === 'events' ? [...told.events] : [told],
  );

property.prop([
  fc.array(fc.tuple(fc.constantFrom('info', 'outcome'), fc.constantFrom('a', 'b'), fc.nat(9))),
])('what is told of a job arrives once, in its order, however it is sent', async (steps) => {
  const told = steps.map(([type, job, number]) =>
    type === 'info' ? info(job, String(number)) : outcome(job),
  );
  const arrived: News[] = [];
  const outbox = createOutbox(
    'w',
    (list) => {
      arrived.push(...list);
      return Promise.resolve(true);
    },
    pauses,
  );
  for (const one of told) outbox.tell(one);
  await outbox.sent();
  const plain = arrived.map(({ worker: _worker, number: _number, ...rest }) => rest as Told);
  for (const job of ['a', 'b']) {
    const own = (list: readonly Told[]) =>
      flat(list.filter((one) => 'job' in one && one.job === job));
    expect(own(plain)).toEqual(own(told));
  }
  expect(arrived.map(({ number }) => number)).toEqual(arrived.map((_, index) => index + 1));
});

test('of progress the last is kept', () => {
  const list = [progress('a', 1), progress('a', 2), info('a', 'x'), progress('a', 3)];
  expect(flat(list.reduce(withNews, [] as Told[]))).toMatchObject([
    { done: 2 },
    { message: 'x' },
    { done: 3 },
  ]);
});

test('while Redis is away, what waits does not grow with the progress of several jobs', () => {
  let list: Told[] = [];
  for (let step = 0; step < 500; step++) {
    for (const job of ['a', 'b', 'c']) list = withNews(list, progress(job, step));
    list = withNews(list, { type: 'here', card: { id: 'w', name: String(step), jobs: [] } });
  }
  expect(flat(list)).toMatchObject([
    { node: 'a', done: 499 },
    { node: 'b', done: 499 },
    { node: 'c', done: 499 },
    { type: 'here', card: { name: '499' } },
  ]);
});

test('what a process prints without end does not fill the memory', () => {
  let list: Told[] = [];
  for (let line = 0; line < 2500; line++) {
    const events = [{ node: 'a', type: 'output' as const, text: String(line) }];
    list = withNews(list, { type: 'events', job: 'a', events });
  }
  list = withNews(list, info('a', 'still told'));
  expect(flat(list)).toHaveLength(2001);
  expect(flat(list).at(-1)).toMatchObject({ message: 'still told' });
});

test('an outcome is sent again until it has arrived; a closed box gives up', async () => {
  let tries = 0;
  const arrived: News[] = [];
  const outbox = createOutbox(
    'w',
    (list) => {
      if (++tries === 2) return Promise.reject(new Error('away'));
      if (tries < 4) return Promise.resolve(false);
      arrived.push(...list);
      return Promise.resolve(true);
    },
    pauses,
  );
  outbox.tell(info('a', 'lost'));
  outbox.tell(outcome('a'));
  await outbox.sent();
  expect(arrived).toMatchObject([{ type: 'outcome', job: 'a' }]);

  const deaf = createOutbox('w', () => Promise.resolve(false), pauses);
  deaf.tell(outcome('a'));
  deaf.close();
  await deaf.sent();
  deaf.tell(outcome('b'));
  await deaf.sent();
});
