import type { CheckedBatch } from '../checks.js';
import type { BalanceRequest, GradientRequest, InferenceRequest } from '../engine.js';
import { isSigned } from '../taking-back.js';
import { activityOf } from './activity.js';
import { planOf } from './plan.js';
import type { Extent } from './sizes.js';

type Needs = Omit<Extent, 'threads'>;

export function inferenceExtent(
  { snn, precision, raster = [] }: InferenceRequest,
  { images, timeSteps, recordAt }: CheckedBatch & { readonly recordAt: readonly number[] },
): Needs {
  const plan = planOf(snn.architecture);
  const potentials = 4 * images * recordAt.length * plan.classes;
  return {
    timeSteps,
    encoder: snn.encoder.kind,
    signed: isSigned(snn.neuron),
    weightBytes: precision === 'integer' ? 2 : 4,
    results: [
      { what: 'the recorded potentials', bytes: potentials },
      ...activityOf(plan, [])
        .filter(({ layer }) => raster.includes(layer))
        .map(({ layer, neurons }) => ({
          what: `the recorded spikes of "${layer}"`,
          bytes: images * timeSteps * neurons,
        })),
    ],
  };
}

export function balanceExtent({ timeSteps, encoder, neuron }: BalanceRequest): Needs {
  const signed = isSigned(neuron);
  return { timeSteps, encoder: encoder.kind, signed, weightBytes: 4, results: [] };
}

export function gradientExtent(
  { snn, wanted }: GradientRequest,
  { timeSteps }: CheckedBatch,
): Needs {
  return {
    timeSteps,
    encoder: snn.encoder.kind,
    weightBytes: 4,
    training: wanted,
    results: [],
  };
}
