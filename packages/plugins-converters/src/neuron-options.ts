import { z } from 'zod';

import { conservesCharge, type Ann, type Encoder, type IntegrateAndFire } from '@privatesnn/core';

import { maxPoolingOption } from './max-pooling.js';

/** Options that converters share: the neuron, the encoder, the read-out's begin and the pooling of the network. */
export const neuronOptions = {
  timeSteps: z.int().min(1).default(150).describe('T, the number of time-steps of one inference.'),
  leak: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe('λ, the part of the membrane potential kept from one time-step to the next (Eq. 1).'),
  reset: z
    .enum(['soft', 'delayed-soft', 'hard'])
    .default('soft')
    .describe('After a spike: u − θ at once, u − θ one time-step later, or 0.'),
  firing: z
    .enum(['strict', 'inclusive'])
    .default('strict')
    .describe('Whether a neuron fires at u > θ or already at u = θ.'),
  initialPotential: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe(
      'v: membranes start at v·θ. 0.5 makes spike counts the rounded activations instead of the cut off ones, which ' +
        'short runs need (Bu 2022).',
    ),
  spikes: z
    .enum(['binary', 'signed'])
    .default('binary')
    .describe(
      '`signed`: a neuron takes back a spike that came too early, by one of −1 (Wang 2022). It needs `leak: 1` and ' +
        '`reset: soft`, and the network cannot be trained further.',
    ),
  probeSteps: z
    .int()
    .min(0)
    .default(0)
    .describe(
      'τ ≤ T: each layer first takes its first τ time-steps without sending, and moves the initial potentials of its ' +
        'neurons by the spikes that they were off (Hao 2023); 0 for no such probe. It needs `leak: 1`, `reset: soft` ' +
        'and `spikes: binary`, and the network cannot be trained further.',
    ),
  readoutAfter: z
    .int()
    .min(0)
    .default(0)
    .describe(
      't₀ < T: the last layer sums nothing in the first t₀ time-steps, in which few spikes have come that far (Hwang 2021). ' +
        'Above 0, the network cannot be trained further.',
    ),
  encoder: z
    .enum(['poisson', 'constant', 'first-spike'])
    .default('poisson')
    .describe('How pixels become input: random spikes, a constant current, or one spike each.'),
  encoderRange: z
    .enum(['network', 'signed', 'unsigned'])
    .default('network')
    .describe("Pixels are encoded in the ANN's own input range, in [-1, 1], or in [0, 1]."),
  maxPooling: maxPoolingOption,
};

/** For `superRefine` of the options that these are among: refuses a neuron that there is not. */
export function refineNeuron(
  { spikes, probeSteps, readoutAfter, leak, reset, ...options }: RefinedOptions,
  context: z.RefinementCtx,
): void {
  const refuse = (option: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [option], message });
  const wanted = [
    ...(spikes === 'signed' ? ['spikes: signed'] : []),
    ...(probeSteps > 0 ? [`probeSteps: ${probeSteps}`] : []),
  ];
  for (const option of wanted) {
    if (!conservesCharge({ leak, reset: 'soft' })) refuse('leak', `${option} asks for leak: 1`);
    if (!conservesCharge({ leak: 1, reset })) refuse('reset', `${option} asks for reset: soft`);
  }
  if (wanted.length > 1) refuse('spikes', `${wanted[1]} asks for spikes: binary`);
  const { timeSteps, timeStepCandidates = [] } = options;
  const least = timeSteps === 'auto' ? Math.min(...timeStepCandidates) : timeSteps;
  if (probeSteps > least) refuse('probeSteps', `expected at most T = ${least}`);
  const { calibrationSteps = least } = options;
  const fewest = Math.min(least, calibrationSteps);
  if (readoutAfter > 0 && readoutAfter >= fewest) {
    refuse('readoutAfter', `expected less than T = ${fewest}`);
  }
  if (readoutAfter > 0 && options.layerDelay) {
    refuse(
      'readoutAfter',
      'expected 0 with layerDelay: true, by which the last layer begins later',
    );
  }
}

type RefinedOptions = Pick<
  NeuronOptions,
  'spikes' | 'probeSteps' | 'readoutAfter' | 'leak' | 'reset'
> & {
  readonly timeSteps: number | 'auto';
  readonly calibrationSteps?: number | undefined;
  readonly layerDelay?: boolean;
  readonly timeStepCandidates?: readonly number[];
};

type NeuronOptions = Omit<z.output<z.ZodObject<typeof neuronOptions>>, 'timeSteps'>;

/** The neuron model that the options describe. */
export function neuronModel({
  leak,
  reset,
  firing,
  initialPotential,
  spikes,
  probeSteps,
}: NeuronOptions): IntegrateAndFire {
  return {
    kind: 'integrate-and-fire',
    leak,
    reset,
    firing,
    initial: initialPotential,
    ...(spikes === 'signed' ? { signed: true } : {}),
    ...(probeSteps > 0 ? { probeSteps } : {}),
  };
}

/** The encoder that the options describe, for a given network. */
export function encoderFor(
  { encoder, encoderRange }: Pick<NeuronOptions, 'encoder' | 'encoderRange'>,
  ann: Ann,
): Encoder {
  const range = { network: ann.inputRange, signed: [-1, 1], unsigned: [0, 1] } as const;
  return { kind: encoder, range: range[encoderRange] };
}
