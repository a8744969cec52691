// A simulation of many workers: the real schedule, work of a given length, and one process that starts and takes in each
// piece of work in turn. What it takes from the moment a worker is free to its next work is what bounds a run.
import { randomStream } from '@privatesnn/core';

import { createSchedule } from '../../packages/core/dist/run/schedule.js';

/**
 * @param jobs how many, each a chain of three stages beneath one that all share
 * @param workers how many stages work at a time
 * @param seconds mean length of a stage; lengths are exponential
 * @param own seconds of the planning process for each stage
 * @returns {{ seconds: number, busy: number }} length of the run, and the part of the workers' time that was work
 */
export function simulate({ jobs, workers, seconds, own }) {
  const random = randomStream(1, 'simulation');
  const node = (id, inputs) => ({ id, inputs, wanted: 1, resources: { threads: 1 } });
  const nodes = [node('all', [])];
  for (let job = 0; job < jobs; job++) {
    nodes.push(
      node(`a${job}`, ['all']),
      node(`b${job}`, [`a${job}`]),
      node(`c${job}`, [`b${job}`]),
    );
  }
  const capacity = { slots: workers, threads: workers, memory: 1 };
  const schedule = createSchedule(nodes, capacity, { failFast: false });
  /** Ends of running work, the latest first. */
  const ends = [];
  let [now, work] = [0, 0];
  const begin = () => {
    for (const { node: id } of schedule.next()) {
      now += own;
      const length = -Math.log(1 - random.uniform()) * seconds;
      work += length;
      const end = { at: now + length, id };
      let [low, high] = [0, ends.length];
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (ends[middle].at > end.at) low = middle + 1;
        else high = middle;
      }
      ends.splice(low, 0, end);
    }
  };
  begin();
  for (let next = ends.pop(); next; next = ends.pop()) {
    // What ends while the planning process is busy waits for it.
    now = Math.max(now, next.at);
    schedule.end(next.id, 'finished');
    begin();
  }
  return { seconds: now, busy: work / (now * workers) };
}
