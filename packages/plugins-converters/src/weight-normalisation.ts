import {
  assertImagesFit,
  defineStage,
  input,
  output,
  partOfImages,
  spikingLayers,
  type Ann,
  type Images,
  type Snn,
  type StageContext,
} from '@privatesnn/core';
import { positiveActivations, TENSOR_RUNTIME, type TensorRuntime } from '@privatesnn/runtime-tfjs';
import {
  assertReLUs,
  checkSignedSpikes,
  dataBasedScales,
  modelBasedScales,
  normaliseWeights,
  percentileOf,
  readoutOf,
  scaledLayers,
  type LayerScales,
} from '@privatesnn/spiking';
import { z } from 'zod';

import { withMaxPooling } from './max-pooling.js';
import { encoderFor, neuronModel, neuronOptions, refineNeuron } from './neuron-options.js';

const options = z.strictObject({
  ...neuronOptions,
  encoder: neuronOptions.encoder
    .unwrap()
    .default('constant')
    .describe('How pixels become input; the original (Rueckauer 2017) uses a constant current.'),
  statistic: z
    .enum(['percentile', 'data', 'model', 'none'])
    .default('percentile')
    .describe(
      'λ of a layer: a percentile of its positive activations (Rueckauer 2017), the larger of its largest weight ' +
        'and its largest activation (Diehl 2015, data-based), or the largest activation that its weights allow ' +
        '(Diehl 2015, model-based, which needs no images). `none`: λ = 1, weights stay as they are, for networks that ' +
        'are to be trained with spikes from scratch.',
    ),
  percentile: z
    .number()
    .gt(0)
    .max(100)
    .default(99.9)
    .describe('The percentile, for `statistic: percentile`.'),
  modelInputs: z
    .enum(['range', 'unit'])
    .default('range')
    .describe(
      'Which inputs `statistic: model` allows for: those in the range that is encoded, where the first layer’s negative ' +
        'weights count with negative pixels, or [0, 1] as in Diehl 2015, whatever the range.',
    ),
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

export const weightNormalisation = defineStage({
  kind: 'converter',
  id: 'weight-normalisation',
  version: 3,
  summary:
    "Scales each layer's weights and bias by the activations before and after it, so that every threshold is 1.",
  source: "Rueckauer 2017: W' = W·λ(l−1)/λ(l), b' = b/λ(l); Diehl 2015",
  options: options.superRefine(refineNeuron),
  presets: {
    'rueckauer-2017': {},
    'diehl-2015-data': { statistic: 'data', encoder: 'poisson', reset: 'hard' },
    'diehl-2015-model': {
      statistic: 'model',
      modelInputs: 'unit',
      encoder: 'poisson',
      reset: 'hard',
    },
    'zheng-2020': { statistic: 'none', timeSteps: 6, leak: 0.25, reset: 'hard' },
    'lee-2020': {
      statistic: 'none',
      timeSteps: 100,
      leak: 0.99,
      encoder: 'poisson',
      reset: 'hard',
    },
  },
  inputs: {
    ann: input('ann', 'the network to convert'),
    images: input('images', 'calibration images; not looked at by `statistic: model` and `none`'),
  },
  outputs: {
    snn: output('snn', 'the spiking network, all thresholds 1'),
    scales: output('series', 'λ by layer'),
  },
  dependencies: { tensors: TENSOR_RUNTIME },
  create: ({ tensors }, options) => ({
    async run(context, { ann: given, images }) {
      assertImagesFit(images, given.architecture);
      assertReLUs(given);
      const ann = withMaxPooling(options, given);
      checkSignedSpikes({ architecture: ann.architecture, neuron: neuronModel(options) });
      const calibration = partOfImages(images, options.samples);
      const scales = await layerScales(context, tensors, ann, calibration, options);
      return {
        snn: normalised(ann, scales, options),
        scales: {
          type: 'series',
          title: 'Activation scales',
          xLabel: 'layer',
          yLabel: 'λ',
          x: Object.keys(scales),
          lines: [{ name: 'λ', y: Object.values(scales) }],
        },
      };
    },
  }),
});

async function layerScales(
  context: StageContext,
  tensors: TensorRuntime,
  ann: Ann,
  images: Images,
  options: Options,
): Promise<LayerScales> {
  const { architecture, parameters } = ann;
  const { statistic, percentile, batchSize } = options;
  if (statistic === 'none') {
    return Object.fromEntries(scaledLayers(architecture).map(({ name }) => [name, 1]));
  }
  if (statistic === 'model') {
    const range = options.modelInputs === 'unit' ? undefined : encoderFor(options, ann).range;
    return modelBasedScales(architecture, parameters, range);
  }
  const activations = await positiveActivations(tensors, ann, images, {
    batchSize,
    signal: context.signal,
    onProgress: (done, total) => context.progress(done, total, 'activations'),
  });
  const statistics: Record<string, number> = {};
  for (const { name, maximum } of scaledLayers(architecture)) {
    // A clipped ReLU tells the largest activation.
    if (maximum !== undefined) {
      statistics[name] = maximum;
      continue;
    }
    const value = percentileOf(activations[name] ?? [], statistic === 'data' ? 100 : percentile);
    if (value !== undefined) statistics[name] = value;
  }
  return statistic === 'data' ? dataBasedScales(architecture, parameters, statistics) : statistics;
}

function normalised(ann: Ann, scales: LayerScales, options: Options): Snn {
  const { architecture, parameters } = ann;
  const spiking = spikingLayers(architecture);
  return {
    type: 'snn',
    architecture,
    ...(options.statistic === 'none'
      ? { parameters }
      : normaliseWeights(architecture, parameters, scales)),
    thresholds: Object.fromEntries(spiking.map(({ name }) => [name, 1])),
    neuron: neuronModel(options),
    encoder: encoderFor(options, ann),
    readout: readoutOf('mean', { timeSteps: options.timeSteps, after: options.readoutAfter }),
    timeSteps: options.timeSteps,
    classNames: ann.classNames,
  };
}
