import { z } from 'zod';

import type { Immutable } from './immutable.js';

/** The part that is kept from one time-step to the next. */
const decay = z.number().min(0).lt(1);

/**
 * Whether what neurons have taken is in their membranes and their spikes: u + θ·S = v·θ + ΣI. Signed neurons ask for it,
 * and those with a probe.
 */
export function conservesCharge({
  leak,
  reset,
}: {
  readonly leak: number;
  readonly reset: 'soft' | 'delayed-soft' | 'hard';
}): boolean {
  return leak === 1 && reset === 'soft';
}

const integrateAndFire = z
  .strictObject({
    kind: z.literal('integrate-and-fire'),
    /** λ in (0, 1]: the part of the membrane potential kept from one time-step to the next (Eq. 1). */
    leak: z.number().gt(0).max(1),
    /** After a spike: u ← u − θ at once, u ← u − θ one step later (Rathi 2020), or u ← 0. */
    reset: z.enum(['soft', 'delayed-soft', 'hard']),
    /** Whether a neuron fires at u > θ or already at u = θ. */
    firing: z.enum(['strict', 'inclusive']),
    /**
     * v in [0, 1): the membrane potential before the first time-step, u(0) = v·θ (Bu 2022); of the layers whose channels
     * have none of their own (`initialPotentials` of the network).
     */
    initial: z.number().min(0).lt(1),
    /**
     * Whether a neuron takes back a spike that came too early, by a spike of −1 (Wang 2022); spikes are 0 or 1 when left
     * out. Only without leak and with a soft reset.
     */
    signed: z.boolean().optional(),
    /**
     * τ ≥ 1: each layer first takes its first τ time-steps without sending anything, and moves its neurons' initial
     * potentials by the spikes that they were off (Hao 2023); there is no such probe when left out. Only without leak,
     * with a soft reset, and of neurons that are not signed.
     */
    probeSteps: z.int().min(1).optional(),
  })
  .refine((neuron) => !neuron.signed || conservesCharge(neuron), {
    message: 'signed neurons have a leak of 1 and a soft reset',
    path: ['signed'],
  })
  .refine(
    ({ probeSteps, ...neuron }) => !probeSteps || (conservesCharge(neuron) && !neuron.signed),
    {
      message: 'neurons with a probe have a leak of 1, a soft reset, and spikes of 0 or 1',
      path: ['probeSteps'],
    },
  );

export const adaptiveNeuronSchema = z.strictObject({
  kind: z.literal('adaptive'),
  /** ρ > 0: the threshold at rest is ρ·θ. */
  rest: z.number().positive(),
  /** m ≥ 0: a spike raises the threshold by m times itself. */
  growth: z.number().min(0),
  /** Of what spikes have added to the threshold, exp(−1/τγ), in [0, 1). */
  thresholdDecay: decay,
  /** Of the refractory response, exp(−1/τη), in [0, 1). */
  refractoryDecay: decay,
  /** Of the current that arriving spikes cause, exp(−1/τβ), in [0, 1). */
  currentDecay: decay,
  /** Of the membrane filter, which the whole input passes, exp(−1/τφ), in [0, 1). */
  membraneDecay: decay,
});

export const neuronSchema = z.discriminatedUnion('kind', [integrateAndFire, adaptiveNeuronSchema]);

/** Leaky integrate-and-fire, without leak where λ = 1. */
export interface IntegrateAndFire extends Immutable<z.output<typeof integrateAndFire>> {}

/**
 * An adaptive spiking neuron (Bohté 2012; Zambrano 2019): it encodes its filtered input current by a sum of decaying
 * refractory responses, one a spike, each as high as its threshold of that moment; the threshold grows with every
 * spike. A rate of one spike a time-step stands for a current of θ, the layer's threshold. Decays are the part that
 * is kept from one time-step to the next.
 */
export interface AdaptiveNeuron extends Immutable<z.output<typeof adaptiveNeuronSchema>> {}

/** How a spiking neuron integrates and fires; the same for all spiking layers. */
export type NeuronModel = IntegrateAndFire | AdaptiveNeuron;
