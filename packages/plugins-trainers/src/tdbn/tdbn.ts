import {
  assertImagesFit,
  assertSameClasses,
  defineStage,
  input,
  output,
  layerText,
  partOfImages,
  UserError,
  type Snn,
} from '@privatesnn/core';
import { TENSOR_RUNTIME } from '@privatesnn/runtime-tfjs';
import { binaryNeuronOf, checkReadFromStart, SPIKING_ENGINE } from '@privatesnn/spiking';

import { beforeAndAfter } from '../before-and-after.js';
import { probeImages } from '../prepare.js';
import { folded } from './fold.js';
import { tdbnOptions } from './options.js';
import { trainTdbn, type TdbnEpoch } from './training.js';

export const tdbn = defineStage({
  kind: 'trainer',
  id: 'tdbn',
  version: 6,
  summary:
    'Spike-based training with threshold-dependent batch normalisation, which is folded into weights and biases at the end.',
  source:
    'Zheng 2020, "Going deeper with directly-trained larger spiking neural networks"; Wu 2018',
  options: tdbnOptions,
  presets: { 'zheng-2020': {} },
  inputs: {
    snn: input('snn', 'the network to train, from scratch or converted'),
    images: input('images', 'training images with their labels'),
  },
  outputs: {
    snn: output('snn', 'the trained network, with biases'),
    history: output('series', 'loss and training accuracy, by epoch'),
    metrics: output(
      'scalars',
      'the last epoch, the number of samples, accuracy of the network on a part of them before and after',
    ),
  },
  dependencies: { runtime: TENSOR_RUNTIME, engine: SPIKING_ENGINE },
  create: ({ runtime, engine }, options) => ({
    async run(context, { snn, images }) {
      assertImagesFit(images, snn.architecture);
      assertSameClasses(context, images, snn);
      binaryNeuronOf(snn, 'train');
      checkReadFromStart(snn, 'train');
      assertNoGates(snn);
      const training = partOfImages(images, options.samples);
      const timeSteps = options.timeSteps ?? snn.timeSteps;
      const { readout } = snn;
      const start = {
        ...snn,
        timeSteps,
        readout: readout.kind === 'mean' ? { ...readout, scale: 1 / timeSteps } : readout,
      };
      const work = { context, runtime, options, start, images: training };
      const { weights, statistics, history } = await trainTdbn(work);
      const trained = folded(start, weights, statistics, options);
      const accuracies = await beforeAndAfter({
        context,
        engine,
        start,
        trained,
        images: partOfImages(training, probeImages),
        learningRate: options.learningRate,
      });
      const line = (name: string, key: keyof TdbnEpoch) => ({
        name,
        y: history.map((epoch) => epoch[key]),
      });
      return {
        snn: trained,
        history: {
          type: 'series',
          title: 'Training with threshold-dependent batch normalisation',
          xLabel: 'epoch',
          yLabel: 'value',
          x: history.map((_, epoch) => epoch + 1),
          lines: [line('loss', 'loss'), line('training accuracy', 'accuracy')],
        },
        metrics: {
          type: 'scalars',
          values: { ...history.at(-1), samples: training.shape[0], ...accuracies },
        },
      };
    },
  }),
});

/** Trained without its gates a network would be another one than is deployed. */
function assertNoGates({ architecture: { layers } }: Snn): void {
  const index = layers.findIndex((layer) => layer.kind === 'max-pool' && layer.gated);
  if (index < 0) return;
  throw new UserError(
    'data',
    'GATED_POOLING',
    `The stage tdbn does not train networks with gated max-pooling, as ${layerText(layers[index]!, index)} has it.`,
    { hint: 'Convert with another maxPooling, such as any-spike, or train with stbp.' },
  );
}
