import type { Profiler } from '@privatesnn/core';
import { defaultThreads, Dense, kernelDigest, setUpDense } from '@privatesnn/spiking';
import type { KernelFunc } from '@tensorflow/tfjs-core';

import type { Tf } from '../runtime.js';
import { convolutionKernels } from './convolution.js';
import { elementwiseKernels } from './elementwise.js';
import type { Kernels } from './kernel.js';
import { movementKernels } from './movement.js';
import { poolingKernels } from './pooling.js';
import { profiledKernel, profileWith } from './profile.js';
import { productKernels } from './product.js';
import { reductionKernels } from './reduction.js';

/** The name of the embedded backend in tfjs. */
export const embeddedBackend = 'privatesnn';

/** Made with the first runtime, and kept for the process. */
let engine: { readonly dense: Dense; readonly registered: Promise<void> } | undefined;

/** What the embedded engine computes with. */
export interface EmbeddedOptions {
  /** The most threads; an engine that is there already keeps its own. */
  readonly threads?: number | undefined;
  /** Which kernels; native ones where they load when left out. */
  readonly kernels?: 'native' | 'wasm' | undefined;
  /** Is told where the time goes, until a runtime is made without one. */
  readonly profiler?: Profiler | undefined;
}

/**
 * Makes the embedded engine the backend of `tf`: tfjs's CPU backend, with the kernels in which the time goes
 * replaced by our own. Where a kernel of ours does not cover a case (dilation, channels first, another type), it
 * passes it on to tfjs's.
 *
 * @returns what computes, for people
 */
export async function useEmbeddedBackend(tf: Tf, options: EmbeddedOptions = {}): Promise<string> {
  if (!engine) {
    const threads = Math.min(options.threads ?? defaultThreads(), defaultThreads());
    const dense = new Dense({ threads, ...(options.kernels ? { kind: options.kernels } : {}) });
    engine = { dense, registered: register(tf, dense) };
  }
  profileWith(options.profiler);
  await engine.registered;
  await tf.setBackend(embeddedBackend);
  const { kind, instructions, threads } = engine.dense;
  const kernels = kind === 'native' ? `native, ${instructions}` : 'WebAssembly';
  return `embedded engine (${kernels}, ${threads} ${threads === 1 ? 'thread' : 'threads'})`;
}

/** The dense kernels of the embedded engine; undefined where TensorFlow computes. */
export function embeddedDense(tf: Tf): Dense | undefined {
  return tf.getBackend() === embeddedBackend ? engine?.dense : undefined;
}

/** "embedded-wasm-simd128-0123456789ab": what the results' last bits depend on, with the kernels' digest. */
export function embeddedIdentity(kernels?: EmbeddedOptions['kernels']): string {
  const { kind, instructions } = (kernels ? undefined : engine?.dense) ?? setUpDense(kernels);
  return `embedded-${kind}-${instructions}-${kernelDigest(kind, 'dense')}`;
}

async function register(tf: Tf, dense: Dense): Promise<void> {
  const { MathBackendCPU } = await import('@tensorflow/tfjs-backend-cpu');
  // tfjs-core's bundle for Node leaves the gradients out; the one of tfjs-layers registers them all.
  await import('@tensorflow/tfjs-layers');
  tf.registerBackend(embeddedBackend, () => {
    const backend = new MathBackendCPU();
    // tfjs advertises its TensorFlow backend at the first use of this one.
    (backend as unknown as { firstUse: boolean }).firstUse = false;
    return backend;
  });
  const own: Kernels = {
    ...convolutionKernels(tf, dense),
    ...productKernels(tf, dense),
    ...poolingKernels(tf),
    ...elementwiseKernels(),
    ...reductionKernels(tf),
    ...movementKernels(tf),
  };
  for (const kernel of tf.getKernelsForBackend('cpu')) {
    const replacement = own[kernel.kernelName];
    const kernelFunc: KernelFunc = replacement
      ? (call) => replacement(call as never) ?? kernel.kernelFunc(call)
      : kernel.kernelFunc;
    tf.registerKernel({
      ...kernel,
      backendName: embeddedBackend,
      kernelFunc: profiledKernel(kernel.kernelName, kernelFunc),
    });
  }
}
