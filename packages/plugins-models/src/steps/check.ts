import { UserError, type Ann, type RandomStream } from '@privatesnn/core';
import { annForward, annTensors, type TensorRuntime } from '@privatesnn/runtime-tfjs';

import type { Probe } from './network.js';
import { dimensions, order, placesOf } from './view.js';

/** What comparing a network with its file gave. */
export type Checked =
  | {
      readonly checked: true;
      readonly difference: number;
      readonly images: number;
      /** What evaluated the file. */
      readonly by: string;
    }
  | { readonly checked: false; readonly reason: string };

/** The largest difference, in parts of the largest output, that rounding explains. */
export const largestDifference = 1e-4;

/** How many images are compared where the file does not fix it. */
const probeImages = 4;

/** A library that evaluates a file by itself. */
export interface Evaluator {
  readonly name: string;
  /**
   * @param images in the order of the file's input
   * @param shape of the input, the images counted first
   * @throws where it cannot
   */
  run(images: Float32Array, shape: readonly number[]): Promise<Float32Array>;
}

export const unchecked = (reason: string): Checked => ({ checked: false, reason });

/**
 * Compares a network with its file: random images through both.
 *
 * @param count images in a batch, where the file fixes it
 * @throws UserError where they differ by more than {@link largestDifference}
 */
export async function checkAgainst(
  { name, run }: Evaluator,
  ann: Ann,
  { file, input, range, scale, shift, end }: Probe,
  runtime: TensorRuntime,
  random: RandomStream,
  count = probeImages,
): Promise<Checked> {
  const [low, high] = range;
  const [height, width, channels] = input.step.shape;
  const size = height * width * channels;
  const images = Float32Array.from(
    { length: count * size },
    () => low + random.uniform() * (high - low),
  );
  const places = placesOf(order(input.view), input.step.shape);
  const arranged = Float32Array.from(images, (_, i) => {
    const image = Math.floor(i / size);
    return images[image * size + places[i % size]!]!;
  });
  let expected: Float32Array;
  try {
    expected = await run(arranged, [count, ...dimensions(input.view, input.step.shape)]);
  } catch (error) {
    return unchecked(`${name} does not run it (${(error as Error).message.split('\n')[0]})`);
  }
  const { tf } = runtime;
  const logits = tf.tidy(() =>
    annForward(
      tf,
      ann,
      annTensors(tf, ann.parameters),
      tf.tensor4d(
        images.map((value) => value * scale + shift),
        [count, height, width, channels],
      ),
    ),
  );
  const got = ended((await logits.data()) as Float32Array, ann.architecture.classes, end);
  logits.dispose();
  const difference = relativeDifference(got, expected);
  if (difference <= largestDifference)
    return { checked: true, difference, images: count, by: name };
  throw new UserError(
    'data',
    'MODEL_CHECK',
    `${file} was converted, but the network gives other numbers than ${name} does with the file: ` +
      `the largest difference on ${count} random images is ${difference.toExponential(1)} of the largest output.`,
    {
      hint: 'This is a defect of the conversion: please report it, with the file or the code that exported it.',
      place: { file },
    },
  );
}

/** What the file's own end makes of logits. */
function ended(logits: Float32Array, classes: number, end: Probe['end']): Float32Array {
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
