import type { Job } from 'bullmq';
import { expect, test } from 'vitest';

import { failedNode, type NodeJob, type NodeOutcome, type NodeWorker } from '@privatesnn/core';

import type { JobData, Told } from './messages.js';
import type { RunHere } from './run-here.js';
import { workJob } from './work-job.js';

const node = { node: 'n', inputs: {}, threads: 4, useCache: true, plan: { digest: 'd' } };
const data: JobData = { job: node, cache: '/cache', experiment: '/experiment' };

/** Does one job with a worker that ends so, and keeps what is done, in its order. */
async function work(
  outcome: NodeOutcome,
  {
    plan = '/tmp/plan.bin',
    deferredFailure = '',
  }: { plan?: string | null; deferredFailure?: string } = {},
) {
  const done: string[] = [];
  const told: Told[] = [];
  const jobs: NodeJob[] = [];
  const job = {
    id: 'n1',
    data,
    deferredFailure,
    stalledCounter: 4,
    moveToWait: () => Promise.resolve(done.push('put back')),
    moveToCompleted: () => Promise.resolve(done.push('removed')),
  } as unknown as Job<JobData>;
  const here = {
    jobs: new Map(),
    outbox: {
      tell: (news: Told) => told.push(news),
      sent: () => Promise.resolve(done.push('sent')),
      close: () => undefined,
    },
  } as unknown as RunHere;
  const worker: NodeWorker = {
    slots: 1,
    tell: () => undefined,
    work: (given, _cache, emit) => {
      jobs.push(given);
      emit({ node: 'n', type: 'stage-started' });
      return Promise.resolve(outcome);
    },
  };
  const file = () => Promise.resolve(plan ?? undefined);
  const result = await workJob(job, 'token', here, file, worker, new AbortController().signal);
  return { result, done, told, jobs, left: here.jobs.size };
}

const finished: NodeOutcome = { status: 'elsewhere' };

test('the outcome is sent before the job is removed', async () => {
  const { result, done, told, jobs, left } = await work(finished);
  expect(result).toEqual(finished);
  expect(done).toEqual(['sent', 'removed']);
  expect(told.map(({ type }) => type)).toEqual(['events', 'outcome']);
  expect(jobs).toMatchObject([
    { node: 'n', plan: { file: '/tmp/plan.bin', digest: 'd', folder: '/experiment' } },
  ]);
  expect(left).toBe(0);
});

test('a worker that ends, and one without the plan, put the job back and say nothing', async () => {
  const lost = await work(failedNode('lost', new Error('ends')));
  expect(lost).toMatchObject({ result: { status: 'put back' }, done: ['put back'] });
  expect(lost.told.some(({ type }) => type === 'outcome')).toBe(false);
  const without = await work(finished, { plan: null });
  expect(without).toMatchObject({ result: { status: 'put back' }, done: ['put back'], jobs: [] });
});

test('a job that is refused is for others', async () => {
  const { result, done, told } = await work(failedNode('refused', new Error('other code')));
  expect(result).toMatchObject({
    status: 'refused',
    failure: { error: { message: 'other code' } },
  });
  expect(done).toEqual(['put back']);
  expect(told.some(({ type }) => type === 'outcome')).toBe(false);
});

test('what has cost too many workers is not done again, and counts as lost', async () => {
  const deferredFailure = 'job stalled more than allowable limit';
  const { done, told, jobs } = await work(finished, { deferredFailure });
  expect(jobs).toEqual([]);
  expect(done).toEqual(['sent', 'removed']);
  expect(told).toMatchObject([
    { outcome: { failure: { status: 'lost', error: { code: 'WORKERS_LOST' } } } },
  ]);
});
