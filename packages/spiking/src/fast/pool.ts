import { Worker } from 'node:worker_threads';

import { UserError } from '@privatesnn/core';

import type { KernelKind } from './kernels.js';

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly pending: Map<number, Pending>;
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: Error;
}

/**
 * The engine's worker threads. They start with the first task, and again after they were ended; idle ones do
 * not keep the process alive.
 */
export class WorkerPool {
  private threads: (Thread | undefined)[];
  private nextId = 0;

  constructor(
    private readonly kind: KernelKind,
    readonly size: number,
  ) {
    this.threads = new Array<Thread | undefined>(size).fill(undefined);
  }

  /** Gives thread `index` a task (see worker.js); tasks of one thread are done in order. */
  call<T>(index: number, task: { readonly task: string } & Record<string, unknown>): Promise<T> {
    const thread = (this.threads[index] ??= this.start(index));
    const id = this.nextId++;
    thread.worker.ref();
    return new Promise<unknown>((resolve, reject) => {
      thread.pending.set(id, { resolve, reject });
      thread.worker.postMessage({ ...task, id });
    }) as Promise<T>;
  }

  /** Ends all threads; tasks under way are rejected with `reason`. */
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
    const worker = new Worker(new URL('./worker.js', import.meta.url), {
      workerData: { kind: this.kind },
      execArgv: [],
    });
    const thread: Thread = { worker, pending: new Map() };
    worker.on('message', ({ id, result, error }: Answer) => {
      const pending = thread.pending.get(id);
      thread.pending.delete(id);
      if (thread.pending.size === 0) worker.unref();
      if (error) pending?.reject(this.described(error, index));
      else pending?.resolve(result);
    });
    const fail = (cause: unknown): void => {
      if (this.threads[index] === thread) this.threads[index] = undefined;
      for (const { reject } of thread.pending.values()) reject(this.crash(index, cause));
      thread.pending.clear();
    };
    worker.on('error', fail);
    worker.on('exit', (code) => fail(new Error(`it ended with exit code ${code}`)));
    return thread;
  }

  /** Sizes that do not fit are the user's matter, and keep their own words. */
  private described(error: Error, index: number): Error {
    return error.name === 'RangeError' ? new RangeError(error.message) : this.crash(index, error);
  }

  private crash(index: number, cause: unknown): UserError {
    const why = cause instanceof Error ? cause.message : String(cause);
    return new UserError(
      'run',
      'ENGINE_WORKER',
      `Worker ${index + 1} of ${this.size} of the ${this.kind} spiking engine failed: ${why}`,
      {
        hint:
          this.kind === 'native'
            ? 'Set PRIVATESNN_ENGINE=wasm to run the WebAssembly kernels instead.'
            : 'Set PRIVATESNN_THREADS to a smaller number if memory ran out.',
        cause,
      },
    );
  }
}
