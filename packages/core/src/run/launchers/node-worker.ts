import type { Launcher, NodeWorker } from '../../contracts/launcher.js';
import { UserError } from '../../contracts/error.js';
import type { NodeJob, NodeOutcome } from '../../contracts/work.js';
import type { Cache } from '../../cache/cache.js';
import { failedNode } from '../failed-node.js';
import { childProcesses, type ChildProcessOptions } from './child-process.js';
import type { OpenWork } from './serve.js';
import { threadsHere } from './threads.js';
import { dirname } from 'node:path';

export interface NodeWorkerRequest extends ChildProcessOptions {
  /** Opens the cache at the location that a run gives, or at the worker's own. */
  readonly openCache: (location: string) => Cache | Promise<Cache>;
  readonly openWork: OpenWork;
  readonly tell: (message: string) => void;
  /** Aborted when the worker shall end: what it works on ends after its next checkpoint, and counts as lost. */
  readonly signal: AbortSignal;
}

/** A worker with the means to end it. */
export interface OpenedWorker extends NodeWorker {
  /** Ends at once whatever still works. */
  cancel(): Promise<void>;
  close(): Promise<void>;
}

/** Plans whose children are kept, waiting for more of their nodes. */
const keptPlans = 4;

/** A worker that does nodes of any plan in child processes, each plan in its own. */
export function openWorker(request: NodeWorkerRequest): OpenedWorker {
  const { slots, tell, signal, openCache, openWork } = request;
  const threads = Math.max(1, Math.floor(threadsHere() / slots));
  const launchers = new Map<string, Promise<Launcher>>();
  const working = new Map<string, number>();

  const open = async (plan: NodeJob['plan'], location: string): Promise<Launcher> =>
    childProcesses(request)({
      work: await openWork(plan),
      cache: await openCache(location),
      folder: dirname(plan.file),
      plan,
      tell,
    });
  const launcherOf = (plan: NodeJob['plan'], location: string): [string, Promise<Launcher>] => {
    const key = JSON.stringify([plan, location]);
    const found = launchers.get(key) ?? open(plan, location);
    // The last one used is the last to go.
    launchers.delete(key);
    launchers.set(key, found);
    return [key, found];
  };
  const dropUnused = async () => {
    const idle = [...launchers].filter(([key]) => !working.get(key));
    for (const [key, launcher] of idle.slice(0, Math.max(0, launchers.size - keptPlans))) {
      launchers.delete(key);
      await close(launcher);
    }
  };

  return {
    slots,
    tell,

    async work(job, cache, emit, own) {
      const [key, opened] = launcherOf(job.plan, cache);
      const count = (by: number) => working.set(key, (working.get(key) ?? 0) + by);
      count(1);
      try {
        const launcher = await opened;
        const both = AbortSignal.any([own, signal]);
        const task = { ...job, threads: Math.min(job.threads, threads) };
        const outcome = await launcher.launch(task, emit, both);
        return signal.aborted && !own.aborted ? leaving(outcome) : outcome;
      } catch (error) {
        launchers.delete(key);
        return failedNode('refused', error);
      } finally {
        count(-1);
        await dropUnused();
      }
    },

    async cancel() {
      for (const launcher of launchers.values())
        await (await launcher.catch(() => undefined))?.cancel();
    },

    async close() {
      for (const launcher of launchers.values()) await close(launcher);
      launchers.clear();
    },
  };
}

/** What a worker that ends could not finish is for another one to do. */
function leaving(outcome: NodeOutcome): NodeOutcome {
  if (outcome.status !== 'failed' || outcome.failure.status !== 'interrupted') return outcome;
  return failedNode('lost', new UserError('run', 'WORKER_ENDED', 'its worker was asked to end.'));
}

/** A plan that could not be opened has nothing to close, and a child that ends badly is no harm any more. */
async function close(launcher: Promise<Launcher>): Promise<void> {
  await launcher.then((opened) => opened.close()).catch(() => undefined);
}
