import { setImmediate as nextTurn } from 'node:timers/promises';

import { SizeError } from './heap.js';
import type { KernelKind } from './kernels.js';
import type { Pool } from './pool.js';
import { Tasks, type Task } from './tasks.js';
import { sizeFailure, workerFailure, type WorkerTask } from './worker-failure.js';

/**
 * Does in the calling thread what a pool of one worker thread does, with the same results: for processes that may start
 * no threads. Between two tasks the event loop gets a turn, so that signals are heard.
 */
export class CallingThread implements Pool {
  readonly size = 1;
  private tasks: Tasks;
  private last: Promise<unknown> = Promise.resolve();
  /** Rejects what was asked for before the last `end`. */
  private ending = new AbortController();

  constructor(private readonly kind: KernelKind) {
    this.tasks = new Tasks(kind);
  }

  async call<T>(index: number, task: WorkerTask): Promise<T> {
    const { signal } = this.ending;
    // As a worker gets it: a copy, which shares what is shared.
    const copy = structuredClone(task);
    const done = this.last.then(async () => {
      await nextTurn();
      signal.throwIfAborted();
      try {
        return structuredClone(this.tasks.perform(copy as unknown as Task)) as T;
      } catch (error) {
        if (error instanceof SizeError) throw sizeFailure(error.message);
        const place = { kind: this.kind, thread: index, threads: this.size };
        throw workerFailure(place, task, error);
      }
    });
    this.last = done.catch(() => undefined);
    return done;
  }

  end(reason: unknown): Promise<void> {
    this.ending.abort(reason);
    this.ending = new AbortController();
    this.tasks = new Tasks(this.kind);
    return Promise.resolve();
  }
}
