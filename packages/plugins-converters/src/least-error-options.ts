import { z } from 'zod';

import { calibrationOptions } from './calibration-images.js';
import { neuronOptions, refineNeuron } from './neuron-options.js';

const options = z.strictObject({
  ...neuronOptions,
  timeSteps: z
    .union([z.int().min(1), z.literal('auto')])
    .default(16)
    .describe(
      'T, the number of time-steps of one inference; `auto`: the first of `timeStepCandidates` that loses no more ' +
        'than `allowedLoss`, as long as `leastEnergyRatio` is kept to.',
    ),
  encoder: neuronOptions.encoder
    .unwrap()
    .default('constant')
    .describe('How pixels become input; few time-steps ask for a constant current.'),
  initialPotential: neuronOptions.initialPotential
    .unwrap()
    .default(0.5)
    .describe('v: membranes start at v·θ. 0.5 rounds activations to the nearest level (Bu 2022).'),
  ...calibrationOptions,
  samples: calibrationOptions.samples.unwrap().default(200).describe('Calibration images.'),
  thresholds: z
    .enum(['layer', 'channel', 'clip', 'statistics', 'local'])
    .default('layer')
    .describe(
      'One threshold a layer, or one for each channel of the layers whose spikes reach weights only, not an add; those ' +
        'are in the weights, which are scaled. `clip`: where the ReLUs of a network that qcfs has trained are clipped. ' +
        "`statistics`: of least expected error for Gaussian currents of each layer's mean and variance (Huang 2025). " +
        '`local`: raised by what each layer cuts off (Bu 2025).',
    ),
  localUpdates: z
    .int()
    .min(1)
    .default(400)
    .describe(
      'For `thresholds: local`: how often each threshold is raised, each time by one batch of `batchSize` images. The ' +
        'more, the nearer it is to the largest current.',
    ),
  scale: z
    .union([z.number().positive(), z.literal('auto')])
    .default('auto')
    .describe(
      'α, the factor on every threshold of least error; `auto` takes the candidate whose network explains most of ' +
        "the ANN's logits on the calibration images.",
    ),
  scaleCandidates: z
    .array(z.number().positive())
    .min(1)
    .default([1.15, 1, 0.85, 0.7])
    .describe('The α that `scale: auto` tries.'),
  biases: z
    .enum(['ann', 'calibrated'])
    .default('ann')
    .describe(
      "The ANN's own biases, or biases corrected layer by layer, so that each channel's mean rate is the ANN's mean " +
        'activation on the calibration images (Li 2021); layers without a bias get one.',
    ),
  potentials: z
    .enum(['fixed', 'calibrated'])
    .default('fixed')
    .describe(
      '`initialPotential` for all neurons, or initial potentials that are corrected layer by layer to the same end, one for ' +
        'each channel (Li 2021). With calibrated biases they take what those leave.',
    ),
  biasSamples: z
    .int()
    .min(1)
    .default(50)
    .describe(
      'Images on which biases and potentials are calibrated: so many of the calibration images.',
    ),
  weights: z
    .enum(['given', 'calibrated'])
    .default('given')
    .describe(
      "The ANN's own weights, or weights and biases fitted layer by layer, so that what comes of the spikes before them " +
        "follows the ANN's activations on the calibration images (Li 2021).",
    ),
  weightSamples: z
    .int()
    .min(1)
    .default(200)
    .describe('Images on which weights are calibrated: so many of the calibration images.'),
  weightSteps: z
    .int()
    .min(1)
    .default(60)
    .describe('For `weights: calibrated`: steps of Adam for each layer, of 10 images each.'),
  weightRate: z
    .number()
    .positive()
    .default(5e-3)
    .describe(
      "For `weights: calibrated`: Adam's first learning rate, in root mean squares of the layer's weights.",
    ),
  allowedLoss: z
    .number()
    .min(0)
    .max(100)
    .default(2)
    .describe(
      "For `timeSteps: auto`: percent of the judged images that may get another class than the ANN's.",
    ),
  leastEnergyRatio: z
    .number()
    .min(0)
    .default(0)
    .describe(
      'For `timeSteps: auto`: how many times less energy than the ANN the network has to take; T that take more are left ' +
        'out. Integer operations, counted on the judged images, as in the metric `energy`. 0 for no bound.',
    ),
  timeStepCandidates: z
    .array(z.int().min(1))
    .min(1)
    .default([4, 8, 16, 32, 64])
    .describe('The T that `timeSteps: auto` tries, the first first.'),
  searchSamples: z
    .int()
    .min(1)
    .default(100)
    .describe("Images on which candidates, and the read-out's scale, are judged."),
  readout: z
    .enum(['sum', 'mean', 'fitted'])
    .default('fitted')
    .describe(
      "The last layer's membrane potential summed over time as it is, divided by the time-steps summed, or times a " +
        "factor fitted to the ANN's logits on the calibration images.",
    ),
  batchSize: z.int().min(1).default(50).describe('Images that go through the ANN together.'),
});

export const leastErrorOptions = options.superRefine(refineNeuron);

export type LeastErrorOptions = z.output<typeof leastErrorOptions>;
