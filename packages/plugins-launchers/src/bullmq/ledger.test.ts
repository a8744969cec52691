import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';

import type { NodeFailure } from '@privatesnn/core';

import { createLedger } from './ledger.js';

const limits = { silence: 100, patience: 10 };
const failure = (message: string): NodeFailure => ({
  status: 'refused',
  error: { errorClass: 'run', code: 'PLAN_CHANGED', message },
  lastLines: [],
});
const worker = (id: string, jobs: readonly string[] = [], refusal?: NodeFailure) => ({
  id,
  name: id,
  jobs,
  ...(refusal ? { refusal } : {}),
});

test('a job that Redis has lost is queued again when it is missed twice in a row', () => {
  const ledger = createLedger(limits);
  ledger.launched('a');
  ledger.launched('b');
  const looks = [['a'], [], ['a'], [], [], [], []].map((there) => ledger.missing(new Set(there)));
  expect(looks).toEqual([[], ['b'], [], ['b'], ['a'], ['b'], ['a']]);
});

test('a job that a worker says that it works on is not queued again while the worker is heard of', () => {
  const ledger = createLedger(limits);
  ledger.launched('a');
  ledger.hear(worker('w', ['a']), 0);
  for (let look = 0; look < 4; look++) expect(ledger.missing(new Set())).toEqual([]);
  expect(ledger.silent(100)).toEqual([]);
  expect(ledger.silent(101).map(({ id }) => id)).toEqual(['w']);
  expect(ledger.missing(new Set())).toEqual([]);
  expect(ledger.missing(new Set())).toEqual(['a']);
});

test('a worker answers for a job where it is heard of with it since it was asked', () => {
  const ledger = createLedger(limits);
  ledger.hear(worker('w', ['a']), 5);
  ledger.hear(worker('v', ['b']), 9);
  expect([4, 5, 6].map((since) => ledger.worksOn('a', since))).toEqual([true, true, false]);
  expect(ledger.worksOn('b', 6)).toBe(true);
  ledger.hear(worker('v'), 10);
  expect(ledger.worksOn('b', 6)).toBe(false);
});

test('a worker that worked on nothing is forgotten in silence', () => {
  const ledger = createLedger(limits);
  ledger.launched('a');
  ledger.ended('a');
  ledger.hear(worker('w', ['a']), 0);
  expect(ledger.workers).toBe(1);
  expect(ledger.silent(200)).toEqual([]);
  expect(ledger.workers).toBe(0);
});

property.prop([
  fc.array(
    fc.record({ id: fc.constantFrom('v', 'w', 'x'), refuses: fc.boolean(), after: fc.nat(20) }),
  ),
])('a run is refused when every worker has refused for a while, and never else', (cards) => {
  const ledger = createLedger(limits);
  const known = new Map<string, boolean>();
  let now = 0;
  let since: number | undefined;
  for (const { id, refuses, after } of cards) {
    now += after;
    ledger.hear(worker(id, [], refuses ? failure(id) : undefined), now);
    known.set(id, refuses);
    if (![...known.values()].every(Boolean)) since = undefined;
    else since ??= now;
    const refused = since !== undefined && now - since >= limits.patience;
    expect(ledger.refusal(now) !== undefined).toBe(refused);
  }
});

test('a worker that has left refuses nothing any more', () => {
  const ledger = createLedger(limits);
  ledger.hear(worker('w', [], failure('other code')), 0);
  ledger.refusal(0);
  expect(ledger.refusal(10)).toMatchObject({ error: { message: 'other code' } });
  ledger.left('w');
  expect(ledger.refusal(20)).toBeUndefined();
});
