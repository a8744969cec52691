import { z } from 'zod';

import { calibrationOptions } from './calibration-images.js';
import { delayOption } from './layer-delay.js';
import { neuronOptions, refineNeuron } from './neuron-options.js';

const options = z.strictObject({
  ...neuronOptions,
  ...delayOption,
  calibrationSteps: z
    .int()
    .min(1)
    .optional()
    .describe(
      'Time-steps of the calibration, and of the judging on synthetic images; T when left out. More than T where ' +
        'the images are too weak to reach the last layer within T.',
    ),
  ...calibrationOptions,
  scale: z
    .union([z.number().positive(), z.literal('auto')])
    .default(0.7)
    .describe(
      'α, the factor on every threshold (Han 2020); `auto` takes the candidate whose network explains most of ' +
        "the ANN's logits on the calibration images, which needs no labels and no real data.",
    ),
  scaleApplied: z
    .enum(['afterwards', 'while-balancing'])
    .default('afterwards')
    .describe(
      'Whether all layers are balanced at α = 1 and scaled together afterwards, as in the public code, or each before ' +
        'the next is balanced.',
    ),
  scaleCandidates: z
    .array(z.number().positive())
    .min(1)
    .default([0.9, 0.8, 0.7, 0.6, 0.5, 0.4])
    .describe('The α that `scale: auto` tries.'),
  searchSamples: z
    .int()
    .min(1)
    .default(100)
    .describe("Images on which the candidates, and the read-out's scale, are judged."),
  percentile: z
    .number()
    .gt(0)
    .max(100)
    .default(100)
    .describe('100: the largest input current; less: that percentile of the positive currents.'),
  readout: z
    .enum(['sum', 'mean', 'fitted'])
    .default('sum')
    .describe(
      "The last layer's membrane potential summed over time as it is, divided by the time-steps summed, or times a " +
        "factor fitted to the ANN's logits on the calibration images.",
    ),
});

export const thresholdBalancingOptions = options.superRefine(refineNeuron);

export type ThresholdBalancingOptions = z.output<typeof thresholdBalancingOptions>;

export const thresholdBalancingPresets = {
  'paper-aaai': {},
  'paper-v1': { timeSteps: 100 },
  // Two batches of 1,024 images, drawn, cropped and mirrored as for training.
  'official-code': {
    timeSteps: 100,
    samples: 2048,
    draw: 'random',
    cropPadding: 4,
    flip: true,
    scale: 1,
  },
  'sengupta-2019': { timeSteps: 2500, scale: 1, reset: 'hard' },
  'han-2020': { timeSteps: 2500, scale: 0.7 },
  'rathi-2020': {
    timeSteps: 100,
    calibrationSteps: 1000,
    samples: 512,
    scale: 0.7,
    reset: 'delayed-soft',
    layerDelay: true,
  },
  // Scaled afterwards, thresholds this low would let deep layers fire without end.
  tuned: {
    timeSteps: 100,
    samples: 200,
    scale: 0.5,
    scaleApplied: 'while-balancing',
    readout: 'fitted',
  },
} as const;
