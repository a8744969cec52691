import type { Scalar, Tensor } from '@tensorflow/tfjs-core';

import { quantised } from '@privatesnn/spiking';

import type { Tf } from './runtime.js';

/**
 * The ReLU, clipped at θ and rounded to the nearest of T + 1 levels (Bu 2022, quantization clip-floor-shift):
 *
 * y = θ/T · clip(⌊x·T/θ + ½⌋, 0, T)
 *
 * what T time-steps of an integrate-and-fire neuron that starts at θ/2 pass on of the constant current x. Rounding has the
 * derivative 1: ∂y/∂x is 1 where 0 < x < θ, else 0, and ∂y/∂θ is (y − x)/θ there, 1 where x ≥ θ, and 0 where x ≤ 0.
 *
 * @param logThreshold log θ; its gradient is θ·∂y/∂θ, summed over x
 * @returns of the shape of x
 */
export function quantisedReLU(tf: Tf, x: Tensor, logThreshold: Scalar, timeSteps: number): Tensor {
  const quantisation = { timeSteps, initial: 0.5 };
  // One pass over the numbers each way: as tensor operations it would be ten.
  return tf.customGrad((input, logarithm, save) => {
    const current = input as Tensor;
    const threshold = Math.exp((logarithm as Scalar).dataSync()[0]!);
    const values = current.dataSync() as Float32Array;
    const levels = new Float32Array(values.length);
    for (let i = 0; i < values.length; i++) {
      levels[i] = quantised(values[i]!, threshold, quantisation);
    }
    (save as (tensors: Tensor[]) => void)([current]);
    return {
      value: tf.tensor(levels, current.shape),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const inputs = saved[0]!.dataSync() as Float32Array;
        const back = dy.dataSync() as Float32Array;
        const gradient = new Float32Array(back.length);
        let sum = 0;
        for (let i = 0; i < back.length; i++) {
          const value = inputs[i]!;
          if (value >= threshold) {
            sum += back[i]! * threshold;
          } else if (value > 0) {
            gradient[i] = back[i]!;
            sum += back[i]! * (quantised(value, threshold, quantisation) - value);
          }
        }
        return [tf.tensor(gradient, saved[0]!.shape), tf.scalar(sum)];
      },
    };
  })(x, logThreshold);
}
