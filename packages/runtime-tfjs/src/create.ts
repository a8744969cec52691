import { UserError, type Service } from '@privatesnn/core';
import { threadsAsked } from '@privatesnn/spiking';

import { fasterRuntime, readMeasurement, relativeTime } from './choice/measurement.js';
import { embeddedIdentity, useEmbeddedBackend, type EmbeddedOptions } from './embedded/backend.js';
import { TENSOR_RUNTIME, type TensorRuntime } from './runtime.js';
import { findTensorFlow, loadTensorFlow } from './tensorflow.js';

type RuntimeId = TensorRuntime['id'];

/**
 * Makes the tensor runtime: TensorFlow where it was measured to be the faster one on this machine (see
 * measureRuntimes), else the embedded engine. When `prefer` is left out, the environment variable PRIVATESNN_TENSORS
 * (`tensorflow` or `embedded`) goes before the measurement. `threads` and `kernels` are those of
 * the embedded engine, where it is made by this call; its kernels' time is what `profiler` is told.
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
    if (fromEnvironment()) chooseRuntime();
  },
  create: (_, { threads, profiler }) => createTensorRuntime({ threads, profiler }),
  isolated: {
    identity: () => Promise.resolve().then(() => embeddedIdentity('wasm')),
    create: () => createTensorRuntime({ prefer: 'embedded', kernels: 'wasm', threads: 1 }),
  },
};

/** Which runtime computes here, and why. */
export type RuntimeChoice = { readonly reason: string } & (
  | { readonly id: 'tensorflow'; readonly version: string; readonly source: string }
  | { readonly id: 'embedded' }
);

/**
 * Chooses the tensor runtime: the preferred one, else the one that PRIVATESNN_TENSORS names, else TensorFlow where it was
 * measured to be the faster one on this machine, else the embedded engine.
 *
 * @throws UserError where TensorFlow is asked for and missing
 */
export function chooseRuntime(preferred?: RuntimeId): RuntimeChoice {
  const asked = preferred ?? fromEnvironment();
  const found = findTensorFlow();
  if (asked) {
    const reason = preferred ? 'asked for' : 'PRIVATESNN_TENSORS asks for it';
    if (asked === 'embedded') return { id: 'embedded', reason };
    if (found.present) return { id: 'tensorflow', reason, ...found };
    throw new UserError(
      'environment',
      'TENSORFLOW_MISSING',
      `TensorFlow was asked for, but ${found.reason}.`,
      {
        hint: 'Run `npm run setup`, or leave PRIVATESNN_TENSORS unset to use the embedded engine.',
      },
    );
  }
  if (!found.present) return { id: 'embedded', reason: 'TensorFlow is not here' };
  const measurement = readMeasurement();
  if (!measurement) {
    const how = '`npm run setup` or `privatesnn doctor --bench` measures';
    return { id: 'embedded', reason: `whether TensorFlow is faster was not measured here: ${how}` };
  }
  const percent = Math.round(100 * relativeTime(measurement));
  const reason = `TensorFlow took ${percent} % of its time, measured ${measurement.measured.slice(0, 10)}`;
  return fasterRuntime(measurement) === 'embedded'
    ? { id: 'embedded', reason }
    : {
        ...found,
        id: 'tensorflow',
        reason: `${percent} % of the embedded engine's time, measured ${measurement.measured.slice(0, 10)}`,
      };
}

function fromEnvironment(): RuntimeId | undefined {
  const value = process.env['PRIVATESNN_TENSORS'];
  if (value === undefined || value === '') return undefined;
  if (value === 'tensorflow' || value === 'embedded') return value;
  throw new UserError(
    'configuration',
    'TENSORS_NAME',
    `Expected PRIVATESNN_TENSORS to be tensorflow, embedded or unset, received "${value}".`,
    { hint: 'Leave it unset to take the one that was measured to be faster here.' },
  );
}
