import { UserError, type AdaptiveActivation } from '@privatesnn/core';
import { z } from 'zod';

import { rateAtCurrent } from './adaptive-neuron.js';

const timeConstant = (symbol: string, what: string, steps: number) =>
  z
    .number()
    .min(0)
    .default(steps)
    .describe(`${symbol}, in time-steps (milliseconds in the original): ${what}. 0 for none.`);

/**
 * Options of stages that make adaptive neurons, with the stage's own defaults of two of them. Activations are in units
 * in which 1 is a usual large one.
 */
export const adaptiveOptions = (defaults: { threshold: number; growth: number }) => ({
  threshold: z
    .number()
    .positive()
    .default(defaults.threshold)
    .describe(
      'ϑ₀, the threshold at rest, in units of activations. A neuron stays silent below ϑ₀/2; much below 1/τη one spike ' +
        'a time-step is too few for the largest activations.',
    ),
  growth: z
    .number()
    .min(0)
    .default(defaults.growth)
    .describe(
      'm_f: every spike raises the threshold by so many times itself; 0 for none. The original has ϑ₀ = m_f, and trains ' +
        'its networks with the transfer function that this gives; one trained with ReLUs wants little growth.',
    ),
  tauThreshold: timeConstant('τγ', 'how fast the threshold falls back', 15),
  tauRefractory: timeConstant('τη', 'how fast the refractory response decays', 50),
  tauCurrent: timeConstant('τβ', 'how fast the current that a spike causes decays', 50),
  tauMembrane: timeConstant('τφ', "the membrane's filter of the input", 2.5),
  matchAt: z
    .number()
    .positive()
    .max(1)
    .default(1)
    .describe(
      'The height of spikes is such that this activation passes a neuron unchanged; larger ones come out too small, ' +
        'smaller ones too large. The original has 1.',
    ),
});

/**
 * The neuron that the options describe, and its spikes' height h: the activation that a rate of one spike a time-step
 * stands for. With spikes of that height `matchAt` comes out as it went in.
 *
 * @throws UserError where `matchAt` causes no spike
 */
export function adaptiveActivation(
  options: z.output<z.ZodObject<ReturnType<typeof adaptiveOptions>>>,
): AdaptiveActivation {
  const decay = (tau: number): number => (tau === 0 ? 0 : Math.exp(-1 / tau));
  const shape = {
    kind: 'adaptive',
    growth: options.growth,
    thresholdDecay: decay(options.tauThreshold),
    refractoryDecay: decay(options.tauRefractory),
    currentDecay: decay(options.tauCurrent),
    membraneDecay: decay(options.tauMembrane),
  } as const;
  // In the original a spike adds ϑ to the refractory response; here the response's filter has gain 1.
  const rest = options.threshold / (1 - shape.refractoryDecay);
  const rate = rateAtCurrent(options.matchAt, { ...shape, rest });
  if (rate === 0) {
    throw new UserError(
      'configuration',
      'ADAPTIVE_THRESHOLD',
      `Expected a threshold below ${2 * options.matchAt}, received ${options.threshold}.`,
      { hint: 'A neuron is silent below half its threshold: even matchAt would cause no spike.' },
    );
  }
  // Thresholds are of single precision: so a network that takes the height over says the same.
  const spikeHeight = Math.fround(options.matchAt / rate);
  return { kind: 'adaptive', neuron: { ...shape, rest: rest / spikeHeight }, spikeHeight };
}
