import {
  assertImagesFit,
  defineStage,
  input,
  output,
  partOfImages,
  UserError,
  weightedLayers,
  type AdaptiveNeuron,
  type Ann,
  type Series,
  type Snn,
} from '@privatesnn/core';
import { TENSOR_RUNTIME } from '@privatesnn/runtime-tfjs';
import { biasesToRates, percentileOf, rateAtCurrent, rateScales } from '@privatesnn/spiking';
import { z } from 'zod';

import { positiveActivations } from './activations.js';
import { assertPoolingAllowed, encoderFor, neuronOptions } from './neuron-options.js';

const timeConstant = (symbol: string, what: string, steps: number) =>
  z
    .number()
    .min(0)
    .default(steps)
    .describe(`${symbol}, in time-steps (milliseconds in the original): ${what}. 0 for none.`);

const options = z.strictObject({
  timeSteps: neuronOptions.timeSteps,
  encoder: neuronOptions.encoder
    .unwrap()
    .default('constant')
    .describe('How pixels become input; the original uses a constant current.'),
  encoderRange: neuronOptions.encoderRange,
  maxPooling: neuronOptions.maxPooling,
  threshold: z
    .number()
    .positive()
    .default(0.05)
    .describe(
      'ϑ₀, the threshold at rest, where 1 is the activation at the percentile. A neuron stays silent below ϑ₀/2; much ' +
        'below 1/τη one spike a time-step is too few for the largest activations.',
    ),
  growth: z
    .number()
    .min(0)
    .default(0.02)
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
      'The height of spikes is such that this activation, where 1 is that at the percentile, passes a neuron ' +
        'unchanged; larger ones come out too small, smaller ones too large. The original has 1.',
    ),
  readout: z
    .enum(['filtered', 'mean'])
    .default('filtered')
    .describe(
      "The last layer's current as the spikes of the last τβ time-steps cause it (the original), or its mean over all.",
    ),
  percentile: z
    .number()
    .gt(0)
    .max(100)
    .default(99.9)
    .describe("The percentile of a layer's positive activations that counts as 1."),
  samples: z
    .int()
    .min(1)
    .default(200)
    .describe(
      'Calibration images: so many of the images, of every class its share (all where there are fewer).',
    ),
  batchSize: z.int().min(1).default(50).describe('Images that go through the ANN together.'),
});

type Options = z.output<typeof options>;

export const adaptiveSpiking = defineStage({
  kind: 'converter',
  id: 'adaptive-spiking',
  version: 3,
  summary:
    'Keeps the weights and puts adaptive spiking neurons, whose threshold grows with every spike, for the ReLUs.',
  source: 'Zambrano, Nusselder, Scholte & Bohté 2019; Bohté 2012',
  options,
  presets: {
    'zambrano-2019': { threshold: 0.1, growth: 0.1 },
  },
  inputs: {
    ann: input('ann', 'the network to convert'),
    images: input('images', 'calibration images: synthetic ones for a data-free conversion'),
  },
  outputs: {
    snn: output('snn', 'the spiking network'),
    scales: output('series', 'by layer: the activation that counts as 1, and the threshold'),
    transfer: output('series', "the neuron's transfer function: what comes out of an activation"),
    metrics: output('scalars', 'spikeHeight, rateAtOne (spikes a time-step), samples'),
  },
  dependencies: { tensors: TENSOR_RUNTIME },
  create: ({ tensors }, options) => ({
    async run(context, { ann, images }) {
      assertImagesFit(images, ann.architecture);
      assertPoolingAllowed(options, ann);
      const calibration = partOfImages(images, options.samples);
      const activations = await positiveActivations(tensors, ann, calibration, {
        batchSize: options.batchSize,
        signal: context.signal,
        onProgress: (done, total) => context.progress(done, total, 'activations'),
      });
      const scales: Record<string, number> = {};
      for (const { name } of weightedLayers(ann.architecture).slice(0, -1)) {
        scales[name] = scaleOf(name, percentileOf(activations[name] ?? [], options.percentile));
      }
      const { neuron, height } = matchedNeuron(options);
      const snn = network(ann, scales, neuron, height, options);
      return {
        snn,
        scales: {
          type: 'series',
          title: 'Activation scales and thresholds',
          xLabel: 'layer',
          yLabel: 'activation',
          x: Object.keys(scales),
          lines: [
            { name: 'activation', y: Object.values(scales) },
            { name: 'threshold', y: Object.keys(scales).map((name) => snn.thresholds[name]!) },
          ],
        },
        transfer: transferSeries(neuron, height),
        metrics: {
          type: 'scalars',
          values: {
            spikeHeight: height,
            rateAtOne: rateAtCurrent(1 / height, neuron),
            samples: calibration.shape[0],
          },
        },
      };
    },
  }),
});

/**
 * The neuron, and its spikes' height h: the activation (1 at the percentile) that a rate of one spike a time-step
 * stands for. With spikes of that height `matchAt` comes out as it went in.
 */
function matchedNeuron(options: Options): { neuron: AdaptiveNeuron; height: number } {
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
  const height = options.matchAt / rate;
  return { neuron: { ...shape, rest: rest / height }, height };
}

function network(
  ann: Ann,
  scales: Readonly<Record<string, number>>,
  neuron: AdaptiveNeuron,
  height: number,
  options: Options,
): Snn {
  const { architecture, parameters } = ann;
  // A rate of one spike a time-step stands for the activation λ(l)·h: θ(l) = λ(l)·h / (λ(l−1)·h), and λ(1)·h first.
  const thresholds: Record<string, number> = {};
  let before = 1;
  for (const [layer, scale] of Object.entries(scales)) {
    thresholds[layer] = Math.fround((scale * height) / before);
    before = scale * height;
  }
  const last = weightedLayers(architecture).at(-1)!;
  return {
    type: 'snn',
    architecture,
    parameters: biasesToRates(architecture, parameters, thresholds),
    thresholds,
    neuron,
    encoder: encoderFor(options, ann),
    readout:
      options.readout === 'mean'
        ? { kind: 'mean', scale: 1 / options.timeSteps }
        : { kind: 'filtered', scale: rateScales(architecture, thresholds)[last.name]! },
    timeSteps: options.timeSteps,
    classNames: ann.classNames,
  };
}

function transferSeries(neuron: AdaptiveNeuron, height: number): Series {
  const x = Array.from({ length: 31 }, (_, i) => Number((i * 0.05).toFixed(2)));
  return {
    type: 'series',
    title: 'Transfer function',
    xLabel: 'activation of the ANN',
    yLabel: 'what the next layer decodes',
    x,
    lines: [
      {
        name: 'adaptive neuron',
        y: x.map((value) => height * rateAtCurrent(value / height, neuron)),
      },
      { name: 'ReLU', y: x },
    ],
  };
}

function scaleOf(layer: string, scale: number | undefined): number {
  if (scale !== undefined && scale > 0) return scale;
  throw new UserError(
    'data',
    'SILENT_LAYER',
    `Expected a positive activation of layer "${layer}" on the calibration images, received none.`,
    { hint: 'Use more calibration images, or check the network.' },
  );
}
