import { z } from 'zod';

import {
  createAdam,
  createSgd,
  targetLosses,
  type LocalSurrogate,
  type Optimizer,
  type Surrogate,
  type TargetLoss,
} from '@privatesnn/spiking';

const surrogateKinds = ['triangle', 'rectangle', 'exponential', 'spike-time'] as const;

const aboutSurrogates =
  "The surrogate gradient: `triangle` is Eq. 5; `spike-time` falls with the time since the neuron's last spike (Rathi 2020)";

/** Options for the surrogate gradient, the same in all trainers; the defaults are Eq. 5 where they are left out. */
export const surrogateOptions = ({
  surrogate = 'triangle' as (typeof surrogateKinds)[number],
  gamma = 1,
  width = 1,
  divideByTheta = false,
} = {}) => ({
  surrogate: z.enum(surrogateKinds).default(surrogate).describe(`${aboutSurrogates}.`),
  gamma: z.number().positive().default(gamma).describe('A factor on the surrogate gradient.'),
  width: z
    .number()
    .positive()
    .default(width)
    .describe(
      'w: the surrogate is that of |u − θ|/(w·θ); `spike-time` and `spike-train` ignore it.',
    ),
  beta: z
    .number()
    .min(0)
    .default(0.01)
    .describe('β of `surrogate: spike-time`, γ·exp(−β·Δt), per time-step; others ignore it.'),
  divideByTheta: z
    .boolean()
    .default(divideByTheta)
    .describe('Whether the surrogate gradient is divided by θ.'),
});

/** The same, and the surrogate that needs a neuron's spikes of all time-steps. */
export const allSurrogateOptions = {
  ...surrogateOptions(),
  surrogate: z
    .enum([...surrogateKinds, 'spike-train'])
    .default('triangle')
    .describe(`${aboutSurrogates}; \`spike-train\` follows from all its spikes (Lee 2020).`),
};

/** Options for the loss against the labels, the same in all trainers. */
export const lossOptions = {
  loss: z
    .enum(Object.keys(targetLosses) as [TargetLoss, ...TargetLoss[]])
    .default('cross-entropy')
    .describe(
      "The loss against the label Y: `cross-entropy` of the logits z, or `squared-error`, ½·Σ (z − Y)² with Y 1 at the image's class and 0 elsewhere (Lee 2020).",
    ),
};

const optimizerKinds = ['adam', 'sgd'] as const;

/** Options for the optimizer, the same in all trainers; Adam where no other is the default. */
export const optimizerOptions = ({
  optimizer = 'adam' as (typeof optimizerKinds)[number],
  sgdMomentum = 0,
} = {}) => ({
  optimizer: z.enum(optimizerKinds).default(optimizer).describe('Adam, or SGD.'),
  sgdMomentum: z
    .number()
    .min(0)
    .lt(1)
    .default(sgdMomentum)
    .describe("The part of the last step's velocity that SGD keeps; Adam ignores it."),
  weightDecay: z
    .number()
    .min(0)
    .default(0)
    .describe('This many times each weight is added to its gradient.'),
  amsgrad: z
    .boolean()
    .default(false)
    .describe(
      'Adam divides by the root of the largest mean squared gradient so far (AMSGrad); SGD ignores it.',
    ),
});

type OptionsOf<S extends z.ZodRawShape> = z.output<z.ZodObject<S>>;

/** The surrogate that the options describe. */
export function anySurrogateOf(options: OptionsOf<typeof allSurrogateOptions>): Surrogate {
  const { surrogate: kind, gamma, divideByTheta } = options;
  if (kind === 'spike-train') return { kind, gamma, divideByTheta };
  return surrogateOf({ ...options, surrogate: kind });
}

/** The same, where only surrogates are among the options that need no later spikes. */
export function surrogateOf({
  surrogate: kind,
  gamma,
  width,
  beta,
  divideByTheta,
}: OptionsOf<ReturnType<typeof surrogateOptions>>): LocalSurrogate {
  return kind === 'spike-time'
    ? { kind, gamma, divideByTheta, beta }
    : { kind, width, gamma, divideByTheta };
}

/** The optimizer that the options describe. */
export function optimizerOf({
  optimizer,
  learningRate,
  sgdMomentum,
  weightDecay,
  amsgrad,
}: OptionsOf<ReturnType<typeof optimizerOptions>> & { readonly learningRate: number }): Optimizer {
  return optimizer === 'adam'
    ? createAdam({ learningRate, weightDecay, amsgrad })
    : createSgd({ learningRate, momentum: sgdMomentum, weightDecay });
}
