import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Ann } from '@privatesnn/core';
import { annForward, annTensors, type TensorRuntime } from '@privatesnn/runtime-tfjs';

import type { Probe } from '../steps/network.js';

/** Images as the scripts write them, [count, height, width, channels]. */
export interface Images {
  readonly shape: [number, number, number, number];
  /** Base64 of 32-bit floats. */
  readonly values: string;
}

/** A network that another framework wrote, and what it computes there. */
export interface Reference {
  readonly input: Images;
  /** Base64 of 32-bit floats. */
  readonly output: string;
}

/** The references that a script in a test's folder `testing` wrote, with what it says besides of each. */
export async function references<T>(folder: string, of: string): Promise<(Reference & T)[]> {
  const file = join(folder, `${of}-networks-reference.json`);
  return JSON.parse(await readFile(file, 'utf8')) as (Reference & T)[];
}

/** The numbers of base64. */
export function floats(base64: string): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(base64, 'base64')).buffer);
}

/** Images as the network takes them: a scale at the beginning of the file became one of the pixel range. */
export function imagesOf(
  { shape, values }: Images,
  { scale, shift }: Pick<Probe, 'scale' | 'shift'>,
): Images {
  const scaled = floats(values).map((value) => value * scale + shift);
  return { shape, values: Buffer.from(scaled.buffer).toString('base64') };
}

/** What a network gives for images, [count × classes], and what the file makes of it at its end. */
export function outputOf(
  { tf }: TensorRuntime,
  ann: Ann,
  { shape, values }: Images,
  end?: Probe['end'],
): Float32Array {
  return tf
    .tidy(() => {
      const images = tf.tensor4d(floats(values), shape);
      const logits = annForward(tf, ann, annTensors(tf, ann.parameters), images);
      if (end === undefined) return logits;
      return end === 'Softmax' ? tf.softmax(logits) : tf.logSoftmax(logits);
    })
    .dataSync<'float32'>();
}
