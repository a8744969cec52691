import { UserError, type Service } from '@privatesnn/core';
import { threadsAsked } from '@privatesnn/spiking';

import { embeddedIdentity, useEmbeddedBackend, type EmbeddedOptions } from './embedded/backend.js';
import { TENSOR_RUNTIME, type TensorRuntime } from './runtime.js';
import { findTensorFlow, loadTensorFlow } from './tensorflow.js';

type RuntimeId = TensorRuntime['id'];

/**
 * Makes the tensor runtime: TensorFlow where it is installed, else the embedded engine. The environment variable
 * PRIVATESNN_TENSORS (`tensorflow` or `embedded`) decides when `prefer` is left out. `threads` and `kernels` are those of
 * the embedded engine, where it is made by this call.
 *
 * The backend is one for the whole process: a runtime made later replaces the one before.
 *
 * @throws UserError where TensorFlow is asked for and missing
 */
export async function createTensorRuntime(
  options: { prefer?: RuntimeId } & EmbeddedOptions = {},
): Promise<TensorRuntime> {
  const wanted = chooseRuntime(options.prefer);
  // tfjs takes a while to load, and a run that finds everything in the cache only asks for the identity.
  const tf = await import('@tensorflow/tfjs-core');
  if (wanted.id === 'embedded') {
    return { id: 'embedded', description: await useEmbeddedBackend(tf, options), tf };
  }
  await loadTensorFlow(tf);
  return { id: 'tensorflow', description: `TensorFlow ${wanted.version} (${wanted.source})`, tf };
}

/** The tensor runtime as a service of the runner. */
export const tensorRuntimeService: Service<TensorRuntime> = {
  token: TENSOR_RUNTIME,
  identity: () => {
    const wanted = chooseRuntime();
    return Promise.resolve(
      wanted.id === 'tensorflow' ? `tensorflow-${wanted.version}` : embeddedIdentity(),
    );
  },
  check: () => {
    threadsAsked();
    const asked = fromEnvironment();
    if (asked) chooseRuntime(asked);
  },
  create: (_, { threads }) => createTensorRuntime({ threads }),
  isolated: {
    identity: () => Promise.resolve().then(() => embeddedIdentity('wasm')),
    create: () => createTensorRuntime({ prefer: 'embedded', kernels: 'wasm', threads: 1 }),
  },
};

function chooseRuntime(
  preferred = fromEnvironment(),
): { id: 'tensorflow'; version: string; source: string } | { id: 'embedded' } {
  if (preferred === 'embedded') return { id: 'embedded' };
  const found = findTensorFlow();
  if (found.present) return { id: 'tensorflow', ...found };
  if (preferred === undefined) return { id: 'embedded' };
  throw new UserError(
    'environment',
    'TENSORFLOW_MISSING',
    `TensorFlow was asked for, but ${found.reason}.`,
    { hint: 'Run `npm run setup`, or leave PRIVATESNN_TENSORS unset to use the embedded engine.' },
  );
}

function fromEnvironment(): RuntimeId | undefined {
  const value = process.env['PRIVATESNN_TENSORS'];
  if (value === undefined || value === '') return undefined;
  if (value === 'tensorflow' || value === 'embedded') return value;
  throw new UserError(
    'configuration',
    'TENSORS_NAME',
    `Expected PRIVATESNN_TENSORS to be tensorflow, embedded or unset, received "${value}".`,
    { hint: 'Leave it unset to take TensorFlow where it is installed.' },
  );
}
