import type { Profiler } from '@privatesnn/core';

import { cacheBandwidth } from './cache-bandwidth.js';
import { everyThread, type Crew } from './engine.js';
import type { Lap } from './laps.js';

/**
 * Does a request, and tells where its time went: what each layer took of all threads, and what these waited. The bound of a
 * layer is what its bytes take at the bandwidth of one core's level-2 cache; work that finds weights in the level-1 cache
 * can be faster. Of a request that fails nothing is told.
 */
export async function profileRequest<T>(
  profiler: Profiler,
  crew: Crew,
  work: () => Promise<T>,
): Promise<T> {
  const laps = () => everyThread<readonly Lap[]>(crew, () => ({ task: 'profile' }));
  const clock = performance.now();
  await laps();
  const result = await work();
  const rows = (await laps()).flat();
  const threads = crew.pool.size;
  const busy = rows.reduce((sum, { seconds }) => sum + seconds, 0);
  const waiting = Math.max(0, (threads * (performance.now() - clock)) / 1000 - busy);
  for (const row of [...rows, { part: 'engine', pass: 'waiting', seconds: waiting, calls: 1 }]) {
    const { seconds, bytes } = row as Lap;
    const bound = bytes ? { bound: bytes / cacheBandwidth() } : {};
    profiler.add({ ...row, elapsed: seconds / threads, ...bound });
  }
  return result;
}
