import type { LossValue } from './engine.js';

/** A loss of one image: its value and its gradient with respect to that image's logits, [classes]. */
export type Loss = (logits: Float32Array) => LossValue;

/** exp(z/τ) / Σ exp(z/τ), [classes]; safe for logits of any size. */
export function softmax(logits: ArrayLike<number>, temperature = 1): Float64Array {
  return logSoftmax(logits, temperature).map(Math.exp);
}

/** log of `softmax`, [classes]. */
export function logSoftmax(logits: ArrayLike<number>, temperature = 1): Float64Array {
  const scaled = Float64Array.from(logits, (z) => z / temperature);
  const largest = scaled.reduce((a, b) => Math.max(a, b), -Infinity);
  const sum = scaled.reduce((total, z) => total + Math.exp(z - largest), 0);
  return scaled.map((z) => z - largest - Math.log(sum));
}

/** The probabilities of a hard label: 1 at `label`, 0 elsewhere. */
export function oneHot(label: number, classes: number): Float64Array {
  const target = new Float64Array(classes);
  target[label] = 1;
  return target;
}

/**
 * Cross-entropy −Σ p log softmax(z), whose gradient is softmax(z)·Σp − p.
 *
 * @param target class probabilities [classes], or the number of the right class
 */
export function crossEntropy(target: ArrayLike<number> | number): Loss {
  return (logits) => {
    const p = typeof target === 'number' ? oneHot(target, logits.length) : target;
    const logQ = logSoftmax(logits);
    const gradient = new Float32Array(logits.length);
    let value = 0;
    let mass = 0;
    for (let i = 0; i < logits.length; i++) {
      mass += p[i]!;
      if (p[i]! > 0) value -= p[i]! * logQ[i]!;
    }
    for (let i = 0; i < logits.length; i++) gradient[i] = mass * Math.exp(logQ[i]!) - p[i]!;
    return { value, gradient };
  };
}

/**
 * Squared error ½·Σ (z − p)², whose gradient is z − p.
 *
 * @param target what the logits shall be, [classes]: 1 at the right class and 0 elsewhere for its number
 */
export function squaredError(target: ArrayLike<number> | number): Loss {
  return (logits) => {
    const p = typeof target === 'number' ? oneHot(target, logits.length) : target;
    const gradient = logits.map((z, i) => z - p[i]!);
    return { value: gradient.reduce((sum, error) => sum + (error * error) / 2, 0), gradient };
  };
}

/** The losses that hold logits against a target, by their name in options. */
export const targetLosses = {
  'cross-entropy': crossEntropy,
  'squared-error': squaredError,
} as const;

export type TargetLoss = keyof typeof targetLosses;

/** How a teacher's knowledge is distilled. */
export interface DistillationOptions {
  /** τ > 0, which softens both distributions. */
  readonly temperature: number;
  /** Whether the loss is multiplied by τ² (Hinton 2015), so that gradients keep their size for any τ. */
  readonly timesSquaredTemperature: boolean;
}

/**
 * Distillation: τ²·KL(softmax(teacher/τ) ‖ softmax(z/τ)), or without τ². Zero where student and teacher agree
 * up to a constant, never negative.
 *
 * @param teacherLogits [classes]
 */
export function distillation(
  teacherLogits: ArrayLike<number>,
  { temperature, timesSquaredTemperature }: DistillationOptions,
): Loss {
  const logP = logSoftmax(teacherLogits, temperature);
  const factor = timesSquaredTemperature ? temperature * temperature : 1;
  return (logits) => {
    const logQ = logSoftmax(logits, temperature);
    const gradient = new Float32Array(logits.length);
    let divergence = 0;
    for (let i = 0; i < logits.length; i++) {
      const p = Math.exp(logP[i]!);
      const q = Math.exp(logQ[i]!);
      // Σ(q − p) is 0; with it every term is ≥ 0, so that rounding cannot make the sum negative.
      divergence += Math.max(0, p * (logP[i]! - logQ[i]!) + q - p);
      gradient[i] = (factor / temperature) * (q - p);
    }
    return { value: factor * divergence, gradient };
  };
}

/** The sum of losses, each times its weight. */
export function weightedSum(...parts: readonly (readonly [weight: number, loss: Loss])[]): Loss {
  return (logits) => {
    const gradient = new Float32Array(logits.length);
    let value = 0;
    for (const [weight, loss] of parts) {
      const part = loss(logits);
      value += weight * part.value;
      for (let i = 0; i < gradient.length; i++) gradient[i]! += weight * part.gradient[i]!;
    }
    return { value, gradient };
  };
}

/**
 * The loss of encryption training, L = (1 − m)·L(CE) + m·L(KD) (Eq. 3).
 *
 * @param target class probabilities or the number of the right class
 * @param options m in [0, 1], where 0 leaves the loss against the target alone; `loss`, which takes the place of the
 * cross-entropy
 */
export function encryptionLoss(
  target: ArrayLike<number> | number,
  teacherLogits: ArrayLike<number>,
  options: DistillationOptions & { readonly m: number; readonly loss?: TargetLoss },
): Loss {
  return weightedSum(
    [1 - options.m, targetLosses[options.loss ?? 'cross-entropy'](target)],
    [options.m, distillation(teacherLogits, options)],
  );
}
