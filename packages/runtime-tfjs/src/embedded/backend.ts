import { Dense, setUpDense } from '@privatesnn/spiking';

import type { Tf } from '../runtime.js';
import { convolutionKernels } from './convolution.js';
import { elementwiseKernels } from './elementwise.js';
import type { Kernels } from './kernel.js';
import { movementKernels } from './movement.js';
import { poolingKernels } from './pooling.js';
import { productKernels } from './product.js';
import { reductionKernels } from './reduction.js';

/** The name of the embedded backend in tfjs. */
export const embeddedBackend = 'privatesnn';

let dense: Dense | undefined;

/**
 * Makes the embedded engine the backend of `tf`: tfjs's CPU backend, with the kernels in which the time goes
 * replaced by our own. Where a kernel of ours does not cover a case (dilation, channels first, another type), it
 * passes it on to tfjs's.
 */
export async function useEmbeddedBackend(tf: Tf): Promise<void> {
  if (!tf.findBackendFactory(embeddedBackend)) {
    const cpu = await import('@tensorflow/tfjs-backend-cpu');
    // tfjs-core's bundle for Node leaves the gradients out; the one of tfjs-layers registers them all.
    await import('@tensorflow/tfjs-layers');
    dense ??= new Dense();
    tf.registerBackend(embeddedBackend, () => {
      const backend = new cpu.MathBackendCPU();
      // tfjs advertises its TensorFlow backend at the first use of this one.
      (backend as unknown as { firstUse: boolean }).firstUse = false;
      return backend;
    });
    registerKernels(tf, {
      ...convolutionKernels(tf, dense),
      ...productKernels(tf, dense),
      ...poolingKernels(tf),
      ...elementwiseKernels(),
      ...reductionKernels(tf),
      ...movementKernels(),
    });
  }
  await tf.setBackend(embeddedBackend);
}

/** "embedded-native-avx512", "embedded-wasm-simd128": what the results' last bits depend on. */
export function embeddedIdentity(): string {
  const { kind, instructions } = dense ?? setUpDense();
  return `embedded-${kind}-${instructions}`;
}

/** For people. */
export function embeddedDescription(): string {
  const { kind, instructions, threads } = dense ?? new Dense();
  const kernels = kind === 'native' ? `native, ${instructions}` : 'WebAssembly';
  return `embedded engine (${kernels}, ${threads} ${threads === 1 ? 'thread' : 'threads'})`;
}

function registerKernels(tf: Tf, own: Kernels): void {
  for (const kernel of tf.getKernelsForBackend('cpu')) {
    const replacement = own[kernel.kernelName];
    tf.registerKernel({
      ...kernel,
      backendName: embeddedBackend,
      kernelFunc: replacement
        ? (call) => replacement(call as never) ?? kernel.kernelFunc(call)
        : kernel.kernelFunc,
    });
  }
}
