import { statfs } from 'node:fs/promises';
import { availableParallelism, cpus, freemem, totalmem } from 'node:os';

import { defaultThreads, setUpDense } from '@privatesnn/spiking';

import { createTensorRuntime } from './create.js';
import { findTensorFlow, type TensorFlowState } from './tensorflow.js';

/** What this machine has, as `privatesnn doctor` prints it. */
export interface MachineReport {
  /** "20.20.2". */
  readonly node: string;
  /** "linux x64". */
  readonly platform: string;
  readonly processor: string;
  /** Processors that this process may use. */
  readonly cores: number;
  /** Threads that the engines use by default. */
  readonly threads: number;
  /** Bytes. */
  readonly memory: { readonly total: number; readonly free: number };
  /** Bytes that a user may still write into the folder. */
  readonly freeDisk: number;
  readonly tensorFlow: TensorFlowState;
  /** The compiled kernels of both engines, and why not the native ones if WebAssembly's are used. */
  readonly kernels: {
    readonly kind: 'native' | 'wasm';
    readonly instructions: string;
    readonly whyNotNative?: string;
  };
}

/**
 * Looks at this machine. TensorFlow is loaded, to see whether it works.
 *
 * @param folder whose disk is looked at; the current one when left out
 */
export async function describeMachine(folder = process.cwd()): Promise<MachineReport> {
  const { bavail, bsize } = await statfs(folder);
  return {
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    threads: defaultThreads(),
    memory: { total: totalmem(), free: freemem() },
    freeDisk: bavail * bsize,
    tensorFlow: await tryTensorFlow(),
    kernels: findKernels(),
  };
}

async function tryTensorFlow(): Promise<TensorFlowState> {
  const found = findTensorFlow();
  if (!found.present) return found;
  try {
    await createTensorRuntime({ prefer: 'tensorflow' });
    return found;
  } catch (error) {
    return { present: false, reason: (error as Error).message };
  }
}

function findKernels(): MachineReport['kernels'] {
  try {
    const { kind, instructions } = setUpDense('native');
    return { kind, instructions };
  } catch (error) {
    const { kind, instructions } = setUpDense('wasm');
    return { kind, instructions, whyNotNative: (error as Error).message.split('\n')[0]! };
  }
}
