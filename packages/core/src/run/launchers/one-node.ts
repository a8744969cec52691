import { appendFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { NodeJob, NodeOutcome } from '../../contracts/work.js';
import type { Cache } from '../../cache/cache.js';
import { writeWhole } from '../../cache/write-whole.js';
import { errorData } from '../../errors/error-data.js';
import { createKeys } from '../keys.js';
import { runNode } from '../node.js';
import { createContainers } from './containers.js';
import type { OpenWork } from './serve.js';

/** The files of one node's work in a run folder, by which a launcher and a worker elsewhere speak. */
export const nodeFiles = (folder: string, node: string) => ({
  /** `NodeJob`, written by the launcher. */
  job: join(folder, 'work', `${node}.job.json`),
  /** `NodeEvent`s, a line each, written while the worker works. */
  events: join(folder, 'work', `${node}.events.jsonl`),
  /** `NodeOutcome`, written by the worker when it is done. */
  outcome: join(folder, 'work', `${node}.outcome.json`),
});

/**
 * Does the work of one node of a run folder, as its job file says, and writes how it ended. The plan file is the run
 * folder's own, wherever that lies on this machine.
 *
 * @throws where the job file cannot be read, or the outcome not written
 */
export async function runOneNode(
  folder: string,
  node: string,
  cache: Cache,
  openWork: OpenWork,
  signal: AbortSignal,
): Promise<NodeOutcome> {
  const files = nodeFiles(folder, node);
  const job = JSON.parse(await readFile(files.job, 'utf8')) as NodeJob;
  const outcome = await attempt(job, { ...job.plan, file: join(folder, 'plan.bin') });
  await writeWhole(files.outcome, [Buffer.from(JSON.stringify(outcome))]);
  return outcome;

  async function attempt(task: NodeJob, plan: NodeJob['plan']): Promise<NodeOutcome> {
    try {
      const work = await openWork(plan);
      const containers = createContainers(work.services);
      const tools = { work, cache, keys: createKeys(work), container: containers.get };
      const emit = (event: unknown) => {
        appendFileSync(files.events, `${JSON.stringify(event)}\n`);
      };
      return await runNode(tools, task, emit, signal).finally(() => containers.close());
    } catch (error) {
      const failure = { status: 'refused' as const, error: errorData(error), lastLines: [] };
      return { status: 'failed', failure };
    }
  }
}
