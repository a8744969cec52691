import { UserError, type Ann, type RandomStream } from '@privatesnn/core';
import { annForward, annTensors, type TensorRuntime } from '@privatesnn/runtime-tfjs';

import type { OnnxProbe } from './read.js';
import { dimensions, order, placesOf } from './view.js';

/** What comparing a converted network with its file gave. */
export type Checked =
  | { readonly checked: true; readonly difference: number; readonly images: number }
  | { readonly checked: false; readonly reason: string };

/** The largest difference, in parts of the largest output, that rounding explains. */
export const largestDifference = 1e-4;

/** The package that evaluates the file by itself; optional, as it is large. */
const evaluator = 'onnxruntime-node';
const version = '1.30.0';
const probeImages = 4;

/** What is needed of onnxruntime-node. */
interface Evaluator {
  readonly InferenceSession: {
    create(file: string, options: object): Promise<Session>;
  };
  readonly Tensor: new (type: 'float32', data: Float32Array, shape: number[]) => unknown;
}
interface Session {
  run(feeds: Record<string, unknown>): Promise<Record<string, { readonly data: unknown }>>;
  release?(): Promise<void>;
}

/**
 * Compares a converted network with its file: random images through onnxruntime and through the network.
 *
 * @param load gives onnxruntime-node
 * @throws UserError where they differ by more than {@link largestDifference}
 */
export async function checkAgainstFile(
  ann: Ann,
  probe: OnnxProbe,
  runtime: TensorRuntime,
  random: RandomStream,
  load: () => Promise<unknown> = () => import(evaluator),
): Promise<Checked> {
  const { file, input, batchSize = probeImages } = probe;
  if (!probe.floats) return unchecked('its images are not 32-bit floats');
  let onnx: Evaluator;
  try {
    onnx = evaluatorIn(await load());
  } catch {
    return unchecked(
      `the package ${evaluator} is not installed; "npm install ${evaluator}@${version}" adds it`,
    );
  }
  const [low, high] = ann.inputRange;
  const [height, width, channels] = input.step.shape;
  const size = height * width * channels;
  const images = Float32Array.from(
    { length: batchSize * size },
    () => low + random.uniform() * (high - low),
  );
  let expected: Float32Array;
  try {
    expected = await evaluate(onnx, probe, images, batchSize);
  } catch (error) {
    return unchecked(`onnxruntime does not run it (${(error as Error).message.split('\n')[0]})`);
  }
  const { tf } = runtime;
  const logits = tf.tidy(() =>
    annForward(
      tf,
      ann,
      annTensors(tf, ann.parameters),
      tf.tensor4d(images, [batchSize, height, width, channels]),
    ),
  );
  const got = ended((await logits.data()) as Float32Array, ann.architecture.classes, probe.end);
  logits.dispose();
  const difference = relativeDifference(got, expected);
  if (difference <= largestDifference) return { checked: true, difference, images: batchSize };
  throw new UserError(
    'data',
    'MODEL_CHECK',
    `${file} was converted, but the network gives other numbers than onnxruntime does with the file: ` +
      `the largest difference on ${batchSize} random images is ${difference.toExponential(1)} of the largest output.`,
    {
      hint: 'This is a defect of the conversion: please report it, with the file or the code that exported it.',
      place: { file },
    },
  );
}

const unchecked = (reason: string): Checked => ({ checked: false, reason });

/** CommonJS packages come as `default`. */
function evaluatorIn(module: unknown): Evaluator {
  const found = module as Partial<Evaluator> & { default?: Evaluator };
  if (found.InferenceSession && found.Tensor) return found as Evaluator;
  if (found.default) return found.default;
  throw new Error(`${evaluator} lacks InferenceSession.`);
}

async function evaluate(
  onnx: Evaluator,
  { file, input, inputName, outputName }: OnnxProbe,
  images: Float32Array,
  count: number,
): Promise<Float32Array> {
  const { view, step } = input;
  const places = placesOf(order(view), step.shape);
  const arranged = Float32Array.from(images, (_, i) => {
    const image = Math.floor(i / places.length);
    return images[image * places.length + places[i % places.length]!]!;
  });
  const session = await onnx.InferenceSession.create(file, {
    intraOpNumThreads: 1,
    logSeverityLevel: 4,
  });
  try {
    const shape = [count, ...dimensions(view, step.shape)];
    const feeds = { [inputName]: new onnx.Tensor('float32', arranged, shape) };
    const output = (await session.run(feeds))[outputName]?.data;
    if (output instanceof Float32Array) return output;
    throw new Error('its output is no 32-bit floats');
  } finally {
    await session.release?.();
  }
}

/** What the file's own end makes of logits. */
function ended(logits: Float32Array, classes: number, end: OnnxProbe['end']): Float32Array {
  if (end === undefined) return logits;
  const result = new Float32Array(logits.length);
  for (let start = 0; start < logits.length; start += classes) {
    const row = logits.subarray(start, start + classes);
    const largest = row.reduce((a, b) => Math.max(a, b), -Infinity);
    const sum = row.reduce((total, value) => total + Math.exp(value - largest), 0);
    row.forEach((value, i) => {
      const log = value - largest - Math.log(sum);
      result[start + i] = end === 'LogSoftmax' ? log : Math.exp(log);
    });
  }
  return result;
}

/** The largest difference of two lists, in parts of the largest number of the second. */
export function relativeDifference(got: Float32Array, expected: Float32Array): number {
  if (got.length !== expected.length) return Infinity;
  let [difference, largest] = [0, 0];
  for (let i = 0; i < got.length; i++) {
    difference = Math.max(difference, Math.abs(got[i]! - expected[i]!));
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  if (Number.isNaN(difference)) return Infinity;
  return difference === 0 ? 0 : difference / largest;
}
