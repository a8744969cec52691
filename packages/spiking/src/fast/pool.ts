import { Worker, type ResourceLimits } from 'node:worker_threads';

import type { KernelKind } from './kernels.js';
import { layoutDigest } from './layout-digest.js';
import { sizeFailure, workerFailure, type WorkerTask } from './worker-failure.js';

/** How the threads differ from the engine's: for tests of failures. */
export interface WorkerOverrides {
  /** What they run, instead of worker.js. */
  readonly entry?: URL;
  readonly argv?: readonly string[];
  readonly resourceLimits?: ResourceLimits;
}

interface Pending {
  readonly task: WorkerTask;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Thread {
  readonly worker: Worker;
  /** Tasks without an answer, the one that is being done first. */
  readonly pending: Map<number, Pending>;
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: Error;
  /** Whether the error is about sizes that do not fit. */
  readonly isSize?: boolean;
}

/** What does the engine's tasks. */
export interface Pool {
  /** How many do tasks at a time. */
  readonly size: number;
  /** Gives the one at `index` a task (see tasks.js); tasks of one are done in order. */
  call<T>(index: number, task: WorkerTask): Promise<T>;
  /** Ends them all; tasks under way are rejected with `reason`. They work again with the next task. */
  end(reason: unknown): Promise<void>;
}

/**
 * The engine's worker threads. They start with the first task, and again after they were ended or failed; idle ones
 * do not keep the process alive. However a thread ends, its tasks are rejected with an error that names it.
 */
export class WorkerPool implements Pool {
  private threads: (Thread | undefined)[];
  private nextId = 0;

  constructor(
    private readonly kind: KernelKind,
    readonly size: number,
    private readonly overrides: WorkerOverrides = {},
  ) {
    this.threads = new Array<Thread | undefined>(size).fill(undefined);
  }

  call<T>(index: number, task: WorkerTask): Promise<T> {
    const thread = (this.threads[index] ??= this.start(index));
    const id = this.nextId++;
    return new Promise<unknown>((resolve, reject) => {
      thread.worker.postMessage({ ...task, id });
      thread.worker.ref();
      thread.pending.set(id, { task, resolve, reject });
    }) as Promise<T>;
  }

  async end(reason: unknown): Promise<void> {
    const ending = this.threads.map((thread) => {
      for (const { reject } of thread?.pending.values() ?? []) reject(reason);
      thread?.pending.clear();
      return thread?.worker.terminate();
    });
    this.threads.fill(undefined);
    await Promise.all(ending);
  }

  private start(index: number): Thread {
    const { entry = new URL('./worker.js', import.meta.url), argv = [], ...rest } = this.overrides;
    const workerData = { kind: this.kind, layouts: layoutDigest };
    const worker = new Worker(entry, { workerData, execArgv: [], argv: [...argv], ...rest });
    const thread: Thread = { worker, pending: new Map() };
    const place = { kind: this.kind, thread: index, threads: this.size };
    worker.on('message', ({ id, result, error, isSize }: Answer) => {
      const pending = thread.pending.get(id);
      thread.pending.delete(id);
      if (thread.pending.size === 0) worker.unref();
      if (!error) pending?.resolve(result);
      else if (isSize) pending?.reject(sizeFailure(error.message));
      else pending?.reject(workerFailure(place, pending.task, error));
    });
    const fail = (cause: unknown): void => {
      if (this.threads[index] === thread) this.threads[index] = undefined;
      const [doing] = thread.pending.values();
      for (const { reject } of thread.pending.values()) {
        reject(workerFailure(place, doing?.task, cause));
      }
      thread.pending.clear();
    };
    worker.on('error', fail);
    worker.on('messageerror', (cause) => {
      fail(cause);
      void worker.terminate();
    });
    worker.on('exit', (code) => fail(new Error(`it ended with exit code ${code}`)));
    return thread;
  }
}
