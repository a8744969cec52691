import { batchNormFactor } from '../fold.js';
import { refuse, type Place } from './refusal.js';
import type { AffineStep, Feature } from './step.js';
import type { BatchNorm } from '@privatesnn/spiking';

/**
 * x · scale + shift, by channel.
 *
 * @throws UserError where a factor or a shift is beyond 32-bit floats
 */
export function affine(
  place: Place,
  { step, view }: Omit<Feature, 'kind'>,
  { scale, shift }: Pick<AffineStep, 'scale' | 'shift'>,
): Feature {
  if (![...scale, ...shift].every((value) => Number.isFinite(Math.fround(value)))) {
    throw refuse(
      place,
      'its constant makes NaN or infinity',
      'Take another checkpoint of the training.',
    );
  }
  const { node } = place;
  return {
    kind: 'feature',
    view,
    step: { kind: 'affine', node, inputs: [step], shape: step.shape, scale, shift },
  };
}

/** (x − mean) / √(variance + ε) · scale + shift, by channel, with the statistics of the training. */
export function batchNorm(
  { node, file }: Place,
  { step, view }: Omit<Feature, 'kind'>,
  norm: BatchNorm,
): Feature {
  const name = node.name || node.outputs[0]!;
  const factor = batchNormFactor(norm, { name, file });
  const shift = norm.shift ?? new Float32Array(factor.length);
  return {
    kind: 'feature',
    view,
    step: {
      kind: 'affine',
      node,
      inputs: [step],
      shape: step.shape,
      scale: factor,
      shift: Float64Array.from(shift, (value, c) => value - norm.mean[c]! * factor[c]!),
      statistics: {
        mean: shift.slice(),
        variance: norm.variance.map((value, c) => value * factor[c]! ** 2),
      },
    },
  };
}
