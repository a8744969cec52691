import { z } from 'zod';

import type { Immutable } from './immutable.js';
import { adaptiveNeuronSchema } from './neuron.js';

/** Refractory responses that do not decay within a time-step: without them the transfer function is a step. */
const neuron = adaptiveNeuronSchema.refine(({ refractoryDecay }) => refractoryDecay > 0, {
  message: 'Expected a refractory response that lasts (above 0)',
  path: ['refractoryDecay'],
});

export const activationSchema = z.strictObject({
  kind: z.literal('adaptive'),
  neuron,
  /** h > 0: what a rate of one spike a time-step stands for, in units of activations. */
  spikeHeight: z.number().positive(),
});

/**
 * The transfer function of adaptive spiking neurons in the place of the ReLU (Zambrano 2019): at a constant current x
 * a neuron whose threshold is h gives h · (spikes a time-step).
 */
export interface AdaptiveActivation extends Immutable<z.output<typeof activationSchema>> {}
