import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Job } from 'bullmq';

import type { NodeWorker } from '@privatesnn/core';

import { again, connect } from './connect.js';
import { endpointOf } from './endpoint.js';
import { namesOf } from './keys.js';
import { format, type JobData, type RunCard } from './messages.js';
import { openPlans } from './plans.js';
import { closeRunHere, openRunHere, type RunHere } from './run-here.js';
import { expiring } from './run-keys.js';
import { times } from './times.js';
import { within } from '../within.js';
import { workJob } from './work-job.js';

/**
 * The worker's side: works for every run of a queue, in turns, until the signal is aborted. It takes jobs by hand, not by
 * BullMQ's own loop, so that its slots are shared by all runs and a run that it refuses is left to others.
 *
 * @param where URL of the queue, or "bullmq" for that of the environment
 * @throws UserError where the server lets nobody in
 */
export async function serve(where: string, worker: NodeWorker, signal: AbortSignal): Promise<void> {
  const endpoint = endpointOf({ url: where === 'bullmq' ? undefined : where }, process.env);
  const names = namesOf(endpoint.queue);
  const client = await connect(endpoint, { tell: worker.tell, patient: true, signal }).catch(
    (error: unknown) => {
      if (signal.aborted) return undefined;
      throw error;
    },
  );
  if (!client) return;
  const me = { id: randomUUID(), name: `${hostname()}:${process.pid}` };
  const runs = new Map<string, RunHere>();
  const foreign = new Set<string>();
  const plans = await openPlans();
  const working = new Set<Promise<void>>();
  let wake: () => void = () => undefined;

  const show = (here: RunHere) => {
    const { refusal } = here;
    const card = { ...me, jobs: [...here.jobs.keys()], ...(refusal ? { refusal } : {}) };
    here.outbox.tell({ type: 'here', card });
  };
  const drop = async (here: RunHere) => {
    runs.delete(here.id);
    await closeRunHere(here, client, names);
    await plans.drop(here.id);
  };
  const meet = async (id: string, text: string) => {
    const card = JSON.parse(text) as RunCard;
    if (card.format !== format) {
      if (!foreign.has(id))
        worker.tell(`${card.name}: started by another version; left to others.`);
      foreign.add(id);
      return;
    }
    const here = await openRunHere(client, names, endpoint.queue, me, id, card);
    runs.set(id, here);
    show(here);
  };
  /** Which runs there are, and what of them shall end. */
  const look = async () => {
    const known = await client.smembers(names.runs);
    for (const id of new Set([...known, ...runs.keys()])) {
      const own = names.run(id);
      const [text, stops] = await Promise.all([client.get(own.heart), client.smembers(own.stops)]);
      const here = runs.get(id);
      if (text === null) {
        if (!here) await client.srem(names.runs, id);
        else if (performance.now() - here.seen > times.grace) await drop(here);
        continue;
      }
      if (!here) await meet(id, text);
      else here.seen = performance.now();
      const asked = stops.flatMap((job) => here?.jobs.get(job) ?? []);
      // That it was heard.
      if (here && asked.some((one) => !one.signal.aborted)) show(here);
      for (const one of asked) one.abort();
    }
  };
  /** Takes jobs while there are free slots, from each run in turn. */
  const fill = async () => {
    for (let found = true; found && !signal.aborted;) {
      found = false;
      for (const here of [...runs.values()]) {
        if (working.size >= worker.slots || signal.aborted) return;
        if (here.refusal || here.pausedUntil > performance.now()) continue;
        const token = randomUUID();
        const job = (await here.consumer.getNextJob(token, { block: false })) as
          Job<JobData> | undefined;
        if (!job) continue;
        found = true;
        const done: Promise<void> = begin(job, token, here)
          .catch(({ message }: Error) => worker.tell(message))
          .finally(() => {
            working.delete(done);
            wake();
          });
        working.add(done);
      }
    }
  };
  const begin = async (job: Job<JobData>, token: string, here: RunHere) => {
    const started = performance.now();
    const fetch = () => client.getBuffer(names.run(here.id).plan);
    const work = workJob(job, token, here, () => plans.file(here.id, fetch), worker, signal);
    show(here);
    expiring(client.pipeline(), here.consumer, [job.id!])
      .exec()
      .catch(() => undefined);
    const done = await work;
    if (done.status === 'put back') here.pausedUntil = performance.now() + times.idle;
    if (done.status === 'refused') {
      here.refusal = done.failure;
      show(here);
      worker.tell(`${here.card.name}: refused. ${done.failure.error.message}`);
    }
    if (done.status === 'finished' || done.status === 'failed') {
      const how = done.status === 'failed' ? done.failure.status : done.status;
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      worker.tell(`${here.card.name}: ${job.data.job.node.slice(0, 12)} ${how} after ${seconds} s`);
    }
  };

  const subscriber = again(client);
  subscriber.on('message', (_channel: string, run: string) => {
    const here = runs.get(run);
    // It says itself that it has ended.
    if (here) void drop(here).catch(() => undefined);
    wake();
  });
  subscriber.subscribe(names.wake).catch(() => undefined);
  client.on('ready', () => {
    // Runs need a moment, too, to come back.
    for (const here of runs.values()) here.seen = performance.now();
  });
  const showing = setInterval(() => {
    for (const here of runs.values()) show(here);
    // Shows a network that was cut.
    subscriber.ping().catch(() => undefined);
  }, times.here);
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

  let round: Promise<void> = Promise.resolve();
  while (!signal.aborted) {
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    round = look().then(fill);
    // Redis may be away, and this process asked to end.
    await Promise.race([round.catch(() => undefined), aborted]);
    await Promise.race([woken, aborted, sleep(times.idle)]);
  }

  clearInterval(showing);
  await within(times.closing, round);
  await within(times.ending, Promise.allSettled(working));
  await within(times.closing, leave());
  subscriber.disconnect();
  client.disconnect();
  await plans.close();

  async function leave() {
    for (const here of runs.values()) {
      here.outbox.tell({ type: 'left' });
      await here.outbox.sent();
      await closeRunHere(here, client!, names);
    }
  }
}
