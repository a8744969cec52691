import type { NodeEvent } from '../../contracts/event.js';
import type { NodeJob, NodeOutcome } from '../../contracts/work.js';
import type { Cache } from '../../cache/cache.js';
import { errorData } from '../../errors/error-data.js';
import { watchStrayErrors } from '../../errors/stray.js';
import { createKeys } from '../keys.js';
import { waitsForSilent } from '../../isolation/silence.js';
import { failedNode } from '../failed-node.js';
import { runNode } from '../node.js';
import { createProfileRows } from '../profile-rows.js';
import { onWards } from '../wards.js';
import type { Work } from '../work.js';
import { createContainers } from './containers.js';
import type { FromChild, ToChild } from './messages.js';

const aliveMilliseconds = 5000;
/** Progress is told no more often. */
const progressMilliseconds = 50;

/** How a child gets at its work: from the plan file that a job names. */
export type OpenWork = (plan: NodeJob['plan']) => Promise<Work>;

/**
 * In a child of the child-process launcher: does one node after the other, until the launcher ends it. What a stage
 * leaves behind that fails later (a timer, a promise) is taken to its node; where that cannot be, the process ends.
 */
export async function serveNodes(cache: Cache, openWork: OpenWork): Promise<void> {
  const send = (message: FromChild, sent?: () => void) => {
    if (process.connected) process.send!(message, undefined, undefined, () => sent?.());
  };
  const finish = (outcome: NodeOutcome) => {
    current = undefined;
    send({ type: 'outcome', outcome });
  };
  let current: AbortController | undefined;
  let tools: ReturnType<typeof open> | undefined;
  const open = async (plan: NodeJob['plan']) => {
    const work = await openWork(plan);
    const containers = createContainers(work.services);
    return {
      ...{ work, cache, keys: createKeys(work) },
      ...{ container: containers.get, profile: createProfileRows(), containers },
    };
  };
  const run = async (job: NodeJob) => {
    const controller = (current = new AbortController());
    try {
      tools ??= open(job.plan);
      const outcome = await runNode(await tools, job, eventsTo(send), controller.signal);
      // What the stage left to fail in the next turn still counts as its own.
      await new Promise((done) => setImmediate(done));
      if (current === controller) finish(outcome);
    } catch (error) {
      tools = undefined;
      finish(failedNode('refused', error));
    }
  };
  const interrupt = () => {
    send({ type: 'ending' });
    current?.abort();
  };
  const fault = (error: unknown) => {
    if (!current) return process.exit(1);
    send({ type: 'fault', error: errorData(error) }, () => process.exit(1));
  };

  watchStrayErrors(fault);
  // The launcher decides on Ctrl-C and on a lost terminal, which reach all processes of a terminal.
  for (const signal of ['SIGINT', 'SIGHUP', 'SIGQUIT'] as const)
    process.on(signal, () => undefined);
  process.on('SIGTERM', interrupt);
  setInterval(() => {
    if (!waitsForSilent()) send({ type: 'alive' });
  }, aliveMilliseconds).unref();
  onWards((pids) => send({ type: 'wards', pids }));
  await new Promise<void>((ended) => {
    process.on('disconnect', () => process.exit(1));
    process.on('message', (message: ToChild) => {
      if (message.type === 'run') void run(message.job);
      else if (message.type === 'interrupt') interrupt();
      else ended();
    });
  });
  const closed = (await tools?.catch(() => undefined))?.containers.close() ?? Promise.resolve();
  const error = await closed.then(
    () => null,
    (reason: unknown) => errorData(reason),
  );
  await new Promise<void>((sent) => send({ type: 'closed', error }, sent));
}

/** Passes events on; of progress the last of a while, and the end. */
function eventsTo(send: (message: FromChild) => void): (event: NodeEvent) => void {
  let last = -Infinity;
  return (event) => {
    if (event.type === 'stage-progress') {
      const now = performance.now();
      if (now - last < progressMilliseconds && event.done < event.total) return;
      last = now;
    }
    send({ type: 'event', event });
  };
}
