import type { Ann, RandomStream } from '@privatesnn/core';
import type { TensorRuntime } from '@privatesnn/runtime-tfjs';

import { checkAgainst, unchecked, type Checked } from '../steps/check.js';
import type { OnnxProbe } from './read.js';

/** The package that evaluates the file by itself; optional, as it is large. */
const evaluator = 'onnxruntime-node';
const version = '1.30.0';

/** What is needed of onnxruntime-node. */
interface Onnxruntime {
  readonly InferenceSession: {
    create(file: string, options: object): Promise<Session>;
  };
  readonly Tensor: new (type: 'float32', data: Float32Array, shape: readonly number[]) => unknown;
}
interface Session {
  run(feeds: Record<string, unknown>): Promise<Record<string, { readonly data: unknown }>>;
  release?(): Promise<void>;
}

/**
 * Compares a converted network with its file: random images through onnxruntime and through the network.
 *
 * @param load gives onnxruntime-node
 * @throws UserError where they differ by more than rounding explains
 */
export async function checkAgainstFile(
  ann: Ann,
  probe: OnnxProbe,
  runtime: TensorRuntime,
  random: RandomStream,
  load: () => Promise<unknown> = () => import(evaluator),
): Promise<Checked> {
  const { file, inputName, outputName, batchSize } = probe;
  if (!probe.floats) return unchecked('its images are not 32-bit floats');
  let onnx: Onnxruntime;
  try {
    onnx = evaluatorIn(await load());
  } catch {
    return unchecked(
      `the package ${evaluator} is not installed; "npm install ${evaluator}@${version}" adds it`,
    );
  }
  const run = async (images: Float32Array, shape: readonly number[]) => {
    const session = await onnx.InferenceSession.create(file, {
      intraOpNumThreads: 1,
      logSeverityLevel: 4,
    });
    try {
      const feeds = { [inputName]: new onnx.Tensor('float32', images, shape) };
      const output = (await session.run(feeds))[outputName]?.data;
      if (output instanceof Float32Array) return output;
      throw new Error('its output is no 32-bit floats');
    } finally {
      await session.release?.();
    }
  };
  return checkAgainst({ name: 'onnxruntime', run }, ann, probe, runtime, random, batchSize);
}

/** CommonJS packages come as `default`. */
function evaluatorIn(module: unknown): Onnxruntime {
  const found = module as Partial<Onnxruntime> & { default?: Onnxruntime };
  if (found.InferenceSession && found.Tensor) return found as Onnxruntime;
  if (found.default) return found.default;
  throw new Error(`${evaluator} lacks InferenceSession.`);
}
