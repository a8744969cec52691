import {
  assertImagesFit,
  defineStage,
  input,
  optionalInput,
  output,
  partOfImages,
  spikingLayers,
  summingLayers,
  UserError,
  type AdaptiveActivation,
  type Ann,
  type Images,
  type Series,
  type Snn,
  type StageContext,
} from '@privatesnn/core';
import { positiveActivations, TENSOR_RUNTIME, type TensorRuntime } from '@privatesnn/runtime-tfjs';
import {
  adaptiveActivation,
  adaptiveOptions,
  assertAdaptable,
  currentUnits,
  percentileOf,
  rateAtCurrent,
  toRates,
} from '@privatesnn/spiking';
import { z } from 'zod';

import { maxPoolingOption, withMaxPooling } from './max-pooling.js';
import { encoderFor, neuronOptions } from './neuron-options.js';

const options = z.strictObject({
  timeSteps: neuronOptions.timeSteps,
  encoder: neuronOptions.encoder
    .unwrap()
    .default('constant')
    .describe('How pixels become input; the original uses a constant current.'),
  encoderRange: neuronOptions.encoderRange,
  maxPooling: maxPoolingOption
    .unwrap()
    .exclude(['gated', 'currents'])
    .default('refuse')
    .describe(
      'What to do with max-pooling, which spikes do not compute: refuse the network, or pass a spike wherever any ' +
        'neuron of the window spikes.',
    ),
  ...adaptiveOptions({ threshold: 0.05, growth: 0.02 }),
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
    images: optionalInput(
      'images',
      'calibration images: synthetic ones for a data-free conversion; not looked at where the network was trained with adaptive neurons',
    ),
  },
  outputs: {
    snn: output('snn', 'the spiking network'),
    scales: output('series', 'by layer: the activation that counts as 1, and the threshold'),
    transfer: output('series', "the neuron's transfer function: what comes out of an activation"),
    metrics: output('scalars', 'spikeHeight, rateAtOne (spikes a time-step), samples'),
  },
  dependencies: { tensors: TENSOR_RUNTIME },
  create: ({ tensors }, options) => ({
    async run(context, { ann: given, images }) {
      assertAdaptable(given.architecture, 'The stage adaptive-spiking');
      const ann = withMaxPooling(options, given);
      const { scales, activation, samples } = ann.activation
        ? trained(context, ann, ann.activation)
        : await calibrated(context, tensors, ann, images, options);
      const snn = network(ann, scales, activation, options);
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
        transfer: transferSeries(activation),
        metrics: {
          type: 'scalars',
          values: {
            spikeHeight: activation.spikeHeight,
            rateAtOne: rateAtCurrent(1 / activation.spikeHeight, activation.neuron),
            samples,
          },
        },
      };
    },
  }),
});

interface Conversion {
  /** λ: by hidden layer, the activation that counts as 1. */
  readonly scales: Readonly<Record<string, number>>;
  readonly activation: AdaptiveActivation;
  /** Images that the scales are from. */
  readonly samples: number;
}

/** A network that was trained with adaptive neurons has them already, in units of its activations. */
function trained(context: StageContext, ann: Ann, activation: AdaptiveActivation): Conversion {
  context.info(
    'The network was trained with adaptive neurons, which it keeps: the images and the options threshold, growth, ' +
      'tauThreshold, tauRefractory, tauCurrent, tauMembrane, matchAt, percentile and samples change nothing.',
  );
  const layers = spikingLayers(ann.architecture);
  return {
    scales: Object.fromEntries(layers.map(({ name }) => [name, 1])),
    activation,
    samples: 0,
  };
}

/** The scales of a network of ReLUs, from its activations on the images. */
async function calibrated(
  context: StageContext,
  tensors: TensorRuntime,
  ann: Ann,
  images: Images | undefined,
  options: Options,
): Promise<Conversion> {
  if (!images) {
    throw new UserError(
      'configuration',
      'CALIBRATION_IMAGES',
      'Expected calibration images, as the network has ReLUs, received none.',
      {
        hint: 'Connect `images`, or train the network with `train-ann` and activation: adaptive, which needs none.',
      },
    );
  }
  assertImagesFit(images, ann.architecture);
  const calibration = partOfImages(images, options.samples);
  const activations = await positiveActivations(tensors, ann, calibration, {
    batchSize: options.batchSize,
    signal: context.signal,
    onProgress: (done, total) => context.progress(done, total, 'activations'),
  });
  const scales: Record<string, number> = {};
  for (const { name } of spikingLayers(ann.architecture)) {
    scales[name] = scaleOf(name, percentileOf(activations[name] ?? [], options.percentile));
  }
  return { scales, activation: adaptiveActivation(options), samples: calibration.shape[0] };
}

function network(
  ann: Ann,
  scales: Conversion['scales'],
  { neuron, spikeHeight: height }: AdaptiveActivation,
  options: Options,
): Snn {
  const { architecture, parameters } = ann;
  // A rate of one spike a time-step stands for the activation λ(l)·h: θ(l) is that in the unit of what comes in, which is
  // λ(l−1)·h in a chain, and 1 first.
  const exact: Record<string, number> = {};
  for (const [layer, scale] of Object.entries(scales)) {
    exact[layer] = (scale * height) / currentUnits(architecture, exact)[layer]!;
  }
  const thresholds = Object.fromEntries(
    Object.entries(exact).map(([layer, threshold]) => [layer, Math.fround(threshold)]),
  );
  const last = summingLayers(architecture).at(-1)!;
  return {
    type: 'snn',
    architecture,
    ...toRates(architecture, parameters, thresholds),
    thresholds,
    neuron,
    encoder: encoderFor(options, ann),
    readout:
      options.readout === 'mean'
        ? { kind: 'mean', scale: 1 / options.timeSteps }
        : { kind: 'filtered', scale: currentUnits(architecture, thresholds)[last.name]! },
    timeSteps: options.timeSteps,
    classNames: ann.classNames,
  };
}

function transferSeries({ neuron, spikeHeight: height }: AdaptiveActivation): Series {
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
