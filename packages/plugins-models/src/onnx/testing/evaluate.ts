import type { Ann } from '@privatesnn/core';
import { annForward, annTensors, type TensorRuntime } from '@privatesnn/runtime-tfjs';

/** Images as the scripts write them, [count, height, width, channels]. */
export interface Images {
  readonly shape: [number, number, number, number];
  /** Base64 of 32-bit floats. */
  readonly values: string;
}

/** The numbers of base64. */
export function floats(base64: string): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(base64, 'base64')).buffer);
}

/** What a network gives for images, [count × classes]. */
export function outputOf({ tf }: TensorRuntime, ann: Ann, { shape, values }: Images): Float32Array {
  return tf
    .tidy(() =>
      annForward(tf, ann, annTensors(tf, ann.parameters), tf.tensor4d(floats(values), shape)),
    )
    .dataSync<'float32'>();
}
