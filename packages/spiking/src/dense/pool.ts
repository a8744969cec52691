import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

import { UserError } from '@privatesnn/core';

import { writeArguments, type NamedValues } from '../fast/kernel-arguments.js';
import type { Values } from '../fast/kernel-layouts.js';
import { threadsAsked } from '../threads.js';
import { argumentFields, control, takeShares } from './job.js';
import { denseLayouts, denseOperations } from './layouts.js';
import { loadDense, setUpDense, stackBytes, type DenseSetup } from './kernels.js';

type DenseKernel = keyof typeof denseLayouts;

/** The number of the kernel that tells the size of a tile. */
const tileSize = 64;
/** Dense kernels have no fields of floats. */
const floats = new Float32Array(0);
const pageSize = 65536;
/** No share takes so long, in milliseconds. */
const stalled = 120_000;
const largestHeap = 65536 * pageSize;

export interface DensePoolOptions {
  /** Forces native or WebAssembly kernels; native where they load when left out. */
  readonly kind?: 'native' | 'wasm';
  /** The native instruction set ("avx512", "avx2", "baseline"); the best when left out. */
  readonly instructions?: string;
  /** Threads, the calling one included, which is there for 0 too; see {@link defaultThreads}. */
  readonly threads?: number;
}

/** The environment variable PRIVATESNN_THREADS, else the number of processors, at most 4. */
export function defaultThreads(): number {
  return threadsAsked() ?? Math.min(availableParallelism(), 4);
}

/**
 * Runs dense kernels on several threads and waits for them. The threads sleep between calls, start with the first
 * one that is worth it, and do not keep the process alive.
 */
export class DensePool {
  readonly setup: DenseSetup;
  readonly threads: number;
  readonly #run: (op: number, args: number) => number;
  readonly #state = new Int32Array(new SharedArrayBuffer(4 * control.size));
  readonly #common: number;
  readonly #stacks: number;
  #top: number;
  #workers: Worker[] | undefined;

  constructor({ kind, instructions, threads = defaultThreads() }: DensePoolOptions = {}) {
    this.setup = setUpDense(kind, instructions);
    this.threads = Math.max(1, threads);
    const { heapBase, run } = loadDense(this.setup, 0);
    this.#run = run;
    this.#top = heapBase;
    this.#common = this.allocate(4 * argumentFields * (1 + this.threads));
    this.#stacks = this.allocate(stackBytes * (this.threads - 1));
  }

  /** Calls `work` and then frees all that it allocated. */
  scope<T>(work: () => T): T {
    const top = this.#top;
    try {
      return work();
    } finally {
      this.#top = top;
    }
  }

  /**
   * Calls `work`, and keeps what it allocated.
   *
   * @returns gives the memory back, unless something else was allocated after it
   */
  keep(work: () => void): () => void {
    const start = this.#top;
    work();
    const end = this.#top;
    return () => {
      if (this.#top === end) this.#top = start;
    };
  }

  /**
   * Takes a buffer, aligned to 64 bytes; its content is undefined.
   *
   * @returns its offset in the heap
   */
  allocate(bytes: number): number {
    const at = this.#top;
    const end = Math.ceil((at + bytes + 64) / 64) * 64;
    const missing = end - this.setup.memory.buffer.byteLength;
    if (missing > 0) {
      try {
        if (end > largestHeap) throw new RangeError('above 4 GB');
        this.setup.memory.grow(Math.ceil(missing / pageSize));
      } catch (cause) {
        throw new UserError(
          'environment',
          'TENSOR_MEMORY',
          `A tensor operation needs ${Math.ceil(end / 2 ** 20)} MB of working memory, which the machine does not give.`,
          { hint: 'Use a smaller batch size.', cause },
        );
      }
    }
    this.#top = end;
    return at;
  }

  floats(at: number, length: number): Float32Array<SharedArrayBuffer> {
    return new Float32Array(this.setup.memory.buffer, at, length);
  }

  integers(at: number, length: number): Int32Array<SharedArrayBuffer> {
    return new Int32Array(this.setup.memory.buffer, at, length);
  }

  /**
   * Runs a kernel over units [0, units), and returns when all are done.
   *
   * @param args its arguments after the units, by name
   * @param work multiplications, to tell whether other threads are worth waking
   */
  run<K extends DenseKernel>(
    kernel: K,
    args: Values<(typeof denseLayouts)[K]>,
    units: number,
    work: number,
  ): void {
    const op = denseOperations[kernel];
    const integers = this.integers(this.#common, argumentFields);
    integers.set([0, units, 0]);
    writeArguments(denseLayouts[kernel], args as NamedValues, { integers, floats }, 3);
    if (this.threads === 1 || units === 1 || work < 500_000) {
      if (this.#run(op, this.#common) !== 0) throw new Error(`There is no dense kernel ${kernel}.`);
      return;
    }
    this.#workers ??= this.#startWorkers();
    const state = this.#state;
    const job = state[control.job]! + 1;
    const grain = Math.ceil(units / Math.min(units, 8 * this.threads));
    const shares = Math.ceil(units / grain);
    Atomics.store(state, control.job, job);
    Atomics.store(state, control.op, op);
    Atomics.store(state, control.units, units);
    Atomics.store(state, control.grain, grain);
    Atomics.store(state, control.shares, shares);
    Atomics.store(state, control.done, 0);
    Atomics.store(state, control.ticket, job << 16);
    Atomics.add(state, control.wake, 1);
    Atomics.notify(state, control.wake);
    takeShares(state, this.setup.memory.buffer, this.#places(0), this.#run);
    for (let done; (done = Atomics.load(state, control.done)) < shares;) {
      if (Atomics.wait(state, control.done, done, stalled) === 'timed-out') {
        throw new UserError(
          'run',
          'TENSOR_WORKER',
          `One of the ${this.threads - 1} worker threads of the embedded tensor engine (${this.setup.kind}) died in kernel ${kernel}: no progress for ${stalled / 1000} s.`,
          { hint: 'Set PRIVATESNN_THREADS=1 to compute without worker threads.' },
        );
      }
    }
    if (Atomics.exchange(state, control.failed, 0) === 1) {
      throw new Error(`Dense kernel ${kernel} failed.`);
    }
  }

  /** Ends the worker threads. */
  async close(): Promise<void> {
    await Promise.all((this.#workers ?? []).map((worker) => worker.terminate()));
    this.#workers = undefined;
  }

  /** Rows and columns of a tile of the kernels. */
  tileSize(): [rows: number, columns: number] {
    if (this.#run(tileSize, this.#common) !== 0) throw new Error('There is no dense kernel.');
    const [rows, columns] = this.integers(this.#common, 2);
    return [rows!, columns!];
  }

  #places(thread: number): { common: number; own: number; thread: number } {
    const own = this.#common + 4 * argumentFields * (1 + thread);
    return { common: this.#common, own, thread };
  }

  #startWorkers(): Worker[] {
    return Array.from({ length: this.threads - 1 }, (_, i) => {
      const worker = new Worker(new URL('./worker.js', import.meta.url), {
        workerData: {
          setup: this.setup,
          state: this.#state,
          stack: this.#stacks + i * stackBytes,
          places: this.#places(i + 1),
        },
      });
      // A worker that cannot start is no harm: the other threads do its share.
      worker.on('error', () => undefined);
      worker.unref();
      return worker;
    });
  }
}
