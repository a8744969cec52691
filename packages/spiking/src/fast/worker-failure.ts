import { UserError } from '@privatesnn/core';

import type { KernelKind } from './kernels.js';

/** A task of a worker thread (see tasks.js). */
export type WorkerTask = { readonly task: string } & Record<string, unknown>;

/** Where something failed. */
export interface WorkerPlace {
  readonly kind: KernelKind;
  /** From 0. */
  readonly thread: number;
  readonly threads: number;
}

/** The error for a request whose sizes do not fit. */
export function sizeFailure(message: string): UserError {
  return new UserError('configuration', 'ENGINE_SIZE', message, {
    hint: 'Take fewer time-steps, smaller images or a smaller network; with fewer threads (PRIVATESNN_THREADS) each has more memory.',
  });
}

/** The error for a worker thread that failed at a task, or ended. */
export function workerFailure(
  { kind, thread, threads }: WorkerPlace,
  task: WorkerTask | undefined,
  cause: unknown,
): UserError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new UserError(
    'run',
    'ENGINE_WORKER',
    `Worker ${thread + 1} of ${threads} of the ${kind} spiking engine failed ${doing(task)}: ${why}`,
    { hint: hintFor(kind, cause), cause },
  );
}

function hintFor(kind: KernelKind, cause: unknown): string {
  const { code, message = '' } = (cause ?? {}) as { code?: string; message?: string };
  if (code === 'ERR_WORKER_OUT_OF_MEMORY' || /out of memory|allocation failed/i.test(message)) {
    return 'Memory ran out: set PRIVATESNN_THREADS to a smaller number, or take fewer time-steps.';
  }
  return kind === 'native'
    ? 'Set PRIVATESNN_ENGINE=wasm to run the WebAssembly kernels instead.'
    : 'Run it again with PRIVATESNN_THREADS=1; if it fails again, report it with this message.';
}

function doing(task: WorkerTask | undefined): string {
  switch (task?.task) {
    case 'network':
    case 'sweep':
    case 'next':
    case 'drop':
    case 'train':
    case 'layer':
      return 'while loading the network';
    case 'infer': {
      const { start, end, firstImage } = task['images'] as Record<string, number>;
      return `while simulating images ${firstImage! + start!} to ${firstImage! + end! - 1}`;
    }
    case 'largest':
      return `while looking for the largest current of layer ${Number(task['layer']) + 1}`;
    case 'count':
      return `while counting the currents of layer ${Number(task['layer']) + 1}`;
    case 'spike':
      return `while simulating layer ${Number(task['layer']) + 1}`;
    case 'channels':
      return `while counting the spikes of layer ${Number(task['layer']) + 1}`;
    case 'forward':
      return `while taking image ${String(task['image'])} forward`;
    case 'backward':
      return 'while taking an image backward';
    case 'sums':
    case 'unpack':
    case 'thresholds':
      return 'while adding up gradients';
    case 'profile':
      return 'while telling where its time went';
    case 'release':
      return 'while freeing memory';
    default:
      return 'while idle';
  }
}
