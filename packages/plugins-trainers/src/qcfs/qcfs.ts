import {
  assertImagesFit,
  defineStage,
  evenPlaces,
  input,
  output,
  selectImages,
  spikingLayers,
  UserError,
  type Ann,
  type Images,
  type Layer,
} from '@privatesnn/core';
import { activationSizes, TENSOR_RUNTIME, type Sizes } from '@privatesnn/runtime-tfjs';
import { assertReLUs, leastErrorThreshold, warnOfDecline } from '@privatesnn/spiking';

import { teacherOf, type Trained } from './loss.js';
import { qcfsOptions, type QcfsOptions } from './options.js';
import { closeness, trainQcfs, type Epoch } from './training.js';

export const qcfs = defineStage({
  kind: 'trainer',
  id: 'qcfs',
  version: 2,
  summary:
    'Fine-tunes an ANN for few time-steps, without labels: its activations are rounded to T + 1 levels, and it learns to answer as it did before.',
  source:
    'Bu 2022, "Optimal ANN-SNN conversion for high-accuracy and ultra-low-latency spiking neural networks"',
  options: qcfsOptions,
  inputs: {
    ann: input('ann', 'the network to fine-tune, which is its own teacher'),
    images: input('images', 'training images; their labels are not learnt, so synthetic ones do'),
  },
  outputs: {
    ann: output('ann', 'the fine-tuned network, its ReLUs clipped at the trained thresholds'),
    history: output(
      'series',
      'loss, and agreement with the teacher on the held-out images, by epoch',
    ),
    metrics: output(
      'scalars',
      'loss of the quantised network, and its agreement with the teacher, on the held-out images before and after',
    ),
  },
  dependencies: { runtime: TENSOR_RUNTIME },
  create: ({ runtime }, options) => ({
    async run(context, { ann, images: given }) {
      assertImagesFit(given, ann.architecture);
      assertReLUs(ann);
      const { images, heldOut } = split(given, options.heldOut);
      const sizes = await activationSizes(runtime, ann, images, {
        batchSize: options.batchSize,
        signal: context.signal,
        onProgress: (done, total) => context.progress(done, total, 'activations'),
      });
      const start = startOf(ann, sizes, options);
      const teacher = teacherOf(runtime.tf, ann);
      try {
        const work = { context, runtime, options, ann, teacher, images, heldOut };
        const before = await closeness(work, start, heldOut);
        const { trained, history } = await trainQcfs(work, start);
        const after = history.at(-1)!.heldOut;
        warnOfDecline(context, {
          what: "the quantised network's agreement with its teacher",
          before: before.agreement,
          after: after.agreement,
          images: heldOut.shape[0],
          rate: ['learningRate', options.learningRate],
        });
        return {
          ann: clipped(ann, trained),
          history: seriesOf(history),
          metrics: {
            type: 'scalars',
            values: {
              lossBefore: before.loss,
              lossAfter: after.loss,
              agreementBefore: before.agreement,
              agreementAfter: after.agreement,
              samples: images.shape[0],
              heldOut: heldOut.shape[0],
            },
          },
        };
      } finally {
        runtime.tf.dispose(Object.values(teacher.tensors));
      }
    },
  }),
});

/** @param part of the images, of every class its share, that are held out */
function split(images: Images, part: number): { images: Images; heldOut: Images } {
  const [count] = images.shape;
  if (count < 2) {
    throw new UserError(
      'data',
      'TOO_FEW_IMAGES',
      `Expected at least two images, one to train on and one to compare on, received ${count}.`,
      { hint: 'Raise the samples of the stage that makes them.' },
    );
  }
  const number = Math.min(count - 1, Math.max(1, Math.round(part * count)));
  const places = evenPlaces(images.labels, number);
  const isHeldOut = new Set(places);
  const others = Int32Array.from({ length: count }, (_, i) => i).filter((i) => !isHeldOut.has(i));
  return { images: selectImages(images, others), heldOut: selectImages(images, places) };
}

/** The network's own weights, and α times the thresholds of least error. */
function startOf(ann: Ann, sizes: Sizes, { timeSteps, scale }: QcfsOptions): Trained {
  const quantisation = { timeSteps, initial: 0.5 };
  return {
    weights: Object.fromEntries(
      Object.entries(ann.parameters).map(([name, { data }]) => [name, data]),
    ),
    logThresholds: Object.fromEntries(
      Object.entries(sizes).map(([layer, histogram]) => [
        layer,
        Float32Array.of(Math.log(scale * leastErrorThreshold(histogram, quantisation)!)),
      ]),
    ),
  };
}

/** The trained network. What batch normalisation knew of the layers' outputs no longer holds, and is left out. */
function clipped({ statistics: _, ...ann }: Ann, { weights, logThresholds }: Trained): Ann {
  const spiking = new Set<Layer>(spikingLayers(ann.architecture));
  return {
    ...ann,
    architecture: {
      ...ann.architecture,
      layers: ann.architecture.layers.map((layer) =>
        spiking.has(layer)
          ? { ...layer, maximum: Math.exp(logThresholds[layer.name!]![0]!) }
          : layer,
      ),
    },
    parameters: Object.fromEntries(
      Object.entries(ann.parameters).map(([name, { shape }]) => [
        name,
        { shape, data: weights[name]! },
      ]),
    ),
  };
}

function seriesOf(history: readonly Epoch[]) {
  return {
    type: 'series' as const,
    title: 'Fine-tuning for few time-steps',
    xLabel: 'epoch',
    yLabel: 'loss, agreement',
    x: history.map((_, epoch) => epoch + 1),
    lines: [
      { name: 'loss', y: history.map(({ loss }) => loss) },
      { name: 'held-out loss', y: history.map(({ heldOut }) => heldOut.loss) },
      { name: 'held-out agreement', y: history.map(({ heldOut }) => heldOut.agreement) },
    ],
  };
}
