import type { Tf } from './runtime.js';

/** The name of the embedded backend in tfjs. */
export const embeddedBackend = 'privatesnn';

/** Makes the embedded engine the backend of `tf`. */
export async function useEmbeddedBackend(tf: Tf): Promise<void> {
  if (!tf.findBackendFactory(embeddedBackend)) {
    const { MathBackendCPU } = await import('@tensorflow/tfjs-backend-cpu');
    // tfjs-core's bundle for Node leaves the gradients out; the one of tfjs-layers registers them all.
    await import('@tensorflow/tfjs-layers');
    tf.registerBackend(embeddedBackend, () => {
      const backend = new MathBackendCPU();
      // tfjs advertises its TensorFlow backend at the first use of this one.
      (backend as unknown as { firstUse: boolean }).firstUse = false;
      return backend;
    });
    tf.copyRegisteredKernels('cpu', embeddedBackend);
  }
  await tf.setBackend(embeddedBackend);
}

export function embeddedIdentity(): string {
  return 'embedded-wasm';
}

export function embeddedDescription(): string {
  return 'embedded (wasm)';
}
