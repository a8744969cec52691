import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import util from 'node:util';

import { UserError } from '@privatesnn/core';

import type { Tf } from './runtime.js';

/** Where TensorFlow stands on this machine, told from files alone: nothing is loaded. */
export type TensorFlowState =
  | { readonly present: true; readonly version: string; readonly source: string }
  | { readonly present: false; readonly reason: string };

const packageName = '@tensorflow/tfjs-node';
/** The newest Node-API version that tfjs-node's binding is built for. */
const newestNodeApi = 8;

/** Looks for tfjs-node's native binding. */
export function findTensorFlow(): TensorFlowState {
  const folder = tensorFlowFolder();
  if (!folder) {
    return { present: false, reason: `${packageName} is not installed (an optional dependency)` };
  }
  const nodeApi = Math.min(newestNodeApi, Number(process.versions.napi));
  if (!existsSync(join(folder, 'lib', `napi-v${nodeApi}`, 'tfjs_binding.node'))) {
    return {
      present: false,
      reason: 'its native library is not installed: `npm run setup` does it',
    };
  }
  return { present: true, ...provenance(folder) };
}

/**
 * Loads TensorFlow and makes it the backend of `tf`.
 *
 * @throws UserError where the library is there but does not load
 */
export async function loadTensorFlow(tf: Tf): Promise<void> {
  // Its notices, and what it calls errors while it looks for a GPU; real ones are thrown. Read as it is loaded.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '3';
  // tfjs-node 4.22 still calls two functions of which Node 22 warns; Node 23 lacks the first.
  Object.assign(util, {
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
    isArray: Array.isArray,
  });
  let node: { Tensor: unknown };
  try {
    node = (await import('@tensorflow/tfjs-node')) as unknown as { Tensor: unknown };
  } catch (cause) {
    throw new UserError(
      'environment',
      'TENSORFLOW_LOAD',
      `TensorFlow is installed but does not load: ${(cause as Error).message}`,
      {
        hint: 'Run `npm run setup` again, or set PRIVATESNN_TENSORS=embedded to go on without it.',
        cause,
      },
    );
  }
  if (node.Tensor !== tf.Tensor) {
    throw new UserError(
      'environment',
      'TFJS_DUPLICATE',
      `Expected one copy of @tensorflow/tfjs-core ${tf.version_core}, but ${packageName} brings its own.`,
      { hint: 'Run `npm ls @tensorflow/tfjs-core` and `npm dedupe`.' },
    );
  }
  await tf.setBackend('tensorflow');
}

/** The folder of tfjs-node, whether or not its native library is there; undefined where it is not installed. */
export function tensorFlowFolder(): string | undefined {
  try {
    return dirname(createRequire(import.meta.url).resolve(`${packageName}/package.json`));
  } catch {
    return undefined;
  }
}

/** The setup step notes what it installed; upstream's own install leaves no note. */
function provenance(folder: string): { version: string; source: string } {
  try {
    const note = JSON.parse(readFileSync(join(folder, 'deps', 'provided.json'), 'utf8')) as {
      version: string;
      source: string;
    };
    return { version: note.version, source: note.source };
  } catch {
    return { version: '2.9.1', source: "upstream's libtensorflow" };
  }
}
