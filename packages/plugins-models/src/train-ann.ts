import {
  assertImagesFit,
  assertSameClasses,
  defineStage,
  input,
  optionalInput,
  output,
  type Images,
} from '@privatesnn/core';
import { TENSOR_RUNTIME } from '@privatesnn/runtime-tfjs';

import { statisticsMember } from './statistics.js';
import { activationFor, batchNormFor, networkFor, trainOptions } from './train-options.js';
import { trainNetwork } from './training.js';

/** Trains a VGG or a residual network on labelled images. */
export const trainAnn = defineStage({
  kind: 'model',
  id: 'train-ann',
  version: 3,
  summary: 'Trains a VGG or a residual network on labelled images by cross-entropy.',
  source:
    'Networks of PrivateSNN (AAAI 2022): VGG without bias and batch-norm, average pooling; of He 2016 and Zheng 2020: ResNets',
  options: trainOptions,
  presets: { 'zambrano-2019': { activation: 'adaptive', threshold: 0.1, growth: 0.1 } },
  inputs: {
    images: input('images', 'The training images.'),
    validation: optionalInput('images', 'Images on which the accuracy is measured each epoch.'),
  },
  outputs: {
    ann: output('ann', 'The trained network.'),
    history: output('series', 'Loss and accuracies by epoch.'),
    metrics: output('scalars', 'Loss and accuracies after the last epoch.'),
  },
  dependencies: { runtime: TENSOR_RUNTIME },
  create: ({ runtime }, options) => ({
    async run(context, { images, validation }) {
      const { classNames } = images;
      const untrained = networkFor(options, images);
      if (validation) {
        assertImagesFit(validation, untrained);
        assertSameClasses(context, validation, { type: 'ann', classNames });
      }
      const activation = activationFor(options);
      const { architecture, parameters, statistics, history } = await trainNetwork(
        {
          runtime,
          architecture: untrained,
          batchNorm: batchNormFor(options),
          activation,
          options,
          images,
          validation,
        },
        context,
      );
      const last = history.at(-1)!;
      return {
        ann: {
          type: 'ann',
          architecture,
          parameters,
          inputRange: options.inputRange,
          classNames,
          ...(activation ? { activation } : {}),
          ...statisticsMember(statistics),
        },
        history: {
          type: 'series',
          title: 'Training of the ANN',
          xLabel: 'epoch',
          yLabel: 'loss, accuracy',
          x: history.map((_, i) => i + 1),
          lines: [
            { name: 'training loss', y: history.map(({ loss }) => loss) },
            { name: 'training accuracy', y: history.map(({ accuracy }) => accuracy) },
            ...validationLine(
              validation,
              history.map((epoch) => epoch.validationAccuracy),
            ),
          ],
        },
        metrics: {
          type: 'scalars',
          values: {
            loss: last.loss,
            accuracy: last.accuracy,
            validationAccuracy: last.validationAccuracy,
            parameters: Object.values(parameters).reduce((sum, { data }) => sum + data.length, 0),
          },
        },
      };
    },
  }),
});

function validationLine(validation: Images | undefined, y: (number | null)[]) {
  return validation ? [{ name: 'validation accuracy', y }] : [];
}
