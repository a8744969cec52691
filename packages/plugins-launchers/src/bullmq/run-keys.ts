import type { Queue } from 'bullmq';
import type { ChainableCommander, Redis } from 'ioredis';

import type { QueueNames } from './keys.js';
import { times } from './times.js';

/** A run's keys in Redis, kept while it lives. */
export interface RunKeys {
  /**
   * Renews all keys of the run, and makes anew what Redis has lost.
   *
   * @param jobs ids of those that have not ended
   * @returns ids of those that wait in Redis, or are held by a worker
   */
  beat(jobs: Iterable<string>): Promise<ReadonlySet<string>>;
  /** Removes them, and tells the workers. */
  remove(): Promise<void>;
}

/**
 * @param card what workers see of the run
 * @param plan the plan file, compressed
 */
export function runKeys(
  client: Redis,
  queue: Queue,
  names: QueueNames,
  card: string,
  plan: Buffer,
): RunKeys {
  const run = queue.name;
  const own = names.run(run);
  return {
    async beat(jobs) {
      const beat = client
        .multi()
        .expire(own.plan, leftover)
        .expire(own.news, leftover)
        .lrange(queue.toKey('wait'), 0, -1)
        .lrange(queue.toKey('active'), 0, -1)
        .set(own.heart, card, 'PX', times.heart)
        .sadd(names.runs, run)
        .expire(names.runs, leftover)
        .expire(own.stops, leftover);
      const replies = (await expiring(beat, queue, jobs).exec())!.map(([error, reply]) => {
        if (error) throw error;
        return reply;
      });
      const [planThere, newsThere, waiting, held] = replies;
      if (planThere === 0) await client.set(own.plan, plan, 'EX', leftover);
      if (newsThere === 0) {
        await client.xadd(own.news, '*', 'list', '[]');
        await client.expire(own.news, leftover);
      }
      return new Set([...(waiting as string[]), ...(held as string[])]);
    },

    async remove() {
      await queue.obliterate({ force: true });
      await client.srem(names.runs, run);
      await client.del(...Object.values(own), ...Object.values(queue.keys));
      // Not before: what a worker still holds of it is found by the lists that it removes.
      await client.publish(names.wake, run);
    },
  };
}

/** Seconds. */
const leftover = times.leftover / 1000;

type Commands = ChainableCommander;
type Keys = Pick<Queue, 'keys' | 'toKey'>;

/** Lets BullMQ's keys of a queue, and of some of its jobs, expire when nobody renews that. */
export function expiring(commands: Commands, queue: Keys, jobs: Iterable<string>): Commands {
  for (const [name, key] of Object.entries(queue.keys)) {
    // This one is a pause between two looks, and expires soon.
    if (name !== 'stalled-check') commands.expire(key, leftover);
  }
  for (const job of jobs) commands.expire(queue.toKey(job), leftover);
  return commands;
}

/** Removes what is left in Redis of a run that is gone. */
export async function removeGone(client: Redis, names: QueueNames, queue: Keys & { name: string }) {
  const lists = ['wait', 'active'].map((list) => client.lrange(queue.toKey(list), 0, -1));
  const jobs = (await Promise.all(lists)).flat().map((job) => queue.toKey(job));
  const own = Object.values(names.run(queue.name));
  const locks = jobs.map((job) => `${job}:lock`);
  await client.del(...own, ...Object.values(queue.keys), ...jobs, ...locks);
}
