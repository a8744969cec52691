import { defineStage, input, optionalInput, output, UserError } from '@privatesnn/core';
import { TENSOR_RUNTIME } from '@privatesnn/runtime-tfjs';
import { relativeWeightChange, SPIKING_ENGINE } from '@privatesnn/spiking';

import { beforeAndAfter } from './before-and-after.js';
import { stbpOptions } from './options.js';
import { prepare } from './prepare.js';
import { train } from './training.js';
import { networkOf, type Epoch } from './training-state.js';

/** What both surrogates of Rathi 2020 share: hard labels of real images, no distillation, the public code's training. */
const hybrid = {
  samples: 50_000,
  epochs: 300,
  batchSize: 64,
  amsgrad: true,
  weightDecay: 5e-4,
  milestones: [0.4, 0.65, 0.85],
  distillation: false,
  divideByTheta: true,
  dropout: true,
};

export const stbp = defineStage({
  kind: 'trainer',
  id: 'stbp',
  version: 8,
  summary:
    'Encryption training: spatio-temporal back-propagation through the spiking network, with or without distillation from the ANN.',
  source: 'PrivateSNN, Algorithm 2 [Step 2], Eq. 3, 4 and 5; Wu 2018; Rathi 2020; Lee 2020',
  options: stbpOptions,
  presets: {
    'paper-aaai': {},
    'paper-v1': {},
    'official-code': { gamma: 0.3, divideByTheta: true },
    'rathi-2020': { ...hybrid, surrogate: 'spike-time', gamma: 0.3, beta: 0.01 },
    'rathi-2020-linear': { ...hybrid, surrogate: 'triangle', gamma: 0.3 },
    'lee-2020': {
      samples: 50_000,
      epochs: 150,
      // The public code's rate of 0.0033 and decay of 5e-4 are for the sum of Σ (z − Y)² over a batch of 16; here it is
      // the mean of half.
      optimizer: 'sgd',
      learningRate: 0.1056,
      weightDecay: 1.5625e-5,
      milestones: [70 / 150, 100 / 150, 125 / 150],
      divideBy: 5,
      timeSteps: 100,
      distillation: false,
      loss: 'squared-error',
      readout: 'mean',
      surrogate: 'spike-train',
      divideByTheta: true,
      dropout: true,
    },
    tuned: { learningRate: 1e-5 },
  },
  inputs: {
    snn: input('snn', 'the converted network'),
    images: input('images', 'training images: synthetic ones, so that no data leak'),
    teacher: optionalInput(
      'ann',
      'the ANN that the network was made from; needed for distillation and a fitted read-out',
    ),
  },
  outputs: {
    snn: output('snn', 'the network with encrypted weights'),
    history: output(
      'series',
      'loss, accuracy, agreement of the re-converted ANN and weight change, whole and by layer, by epoch',
    ),
    weightChange: output('series', 'relative weight change, by layer'),
    metrics: output(
      'scalars',
      'the last epoch, the number of samples, batches without gradient, accuracy of the network on a part of the samples before and after',
    ),
  },
  dependencies: { engine: SPIKING_ENGINE, tensors: TENSOR_RUNTIME },
  check: ({ distillation, readout }, connected) => {
    if (connected.has('teacher') || (!distillation && readout !== 'fitted')) return [];
    return [
      new UserError(
        'configuration',
        'NO_TEACHER',
        `${distillation ? 'distillation: true' : 'readout: fitted'} needs a teacher, but the input "teacher" is not connected.`,
        {
          hint: 'Connect "teacher" to the ANN, or set distillation: false and readout: mean.',
          option: distillation ? 'distillation' : 'readout',
        },
      ),
    ];
  },
  create: ({ engine, tensors }, options) => ({
    async run(context, inputs) {
      const work = await prepare(context, engine, tensors, options, inputs);
      const state = await train(work);
      const snn = networkOf(work.start, state);
      const change = relativeWeightChange(work.start.parameters, snn.parameters);
      const accuracies = await beforeAndAfter({
        context,
        engine,
        start: work.start,
        trained: snn,
        images: work.probe.images,
        learningRate: options.learningRate,
      });
      const { weightChanges: _, ...last } = state.history.at(-1)!;
      return {
        snn,
        history: historySeries(state.history, work.teacherLogits !== undefined),
        weightChange: {
          type: 'series',
          title: 'Weight change',
          xLabel: 'layer',
          yLabel: 'relative change',
          x: Object.keys(change),
          lines: [{ name: 'weight change', y: Object.values(change).map(finite) }],
        },
        metrics: {
          type: 'scalars',
          values: {
            ...last,
            weightChange: finite(last.weightChange),
            samples: work.images.shape[0],
            silentBatches: state.silence.batches,
            ...accuracies,
          },
          ...(Number.isFinite(last.weightChange)
            ? {}
            : { reasons: { weightChange: 'a layer had no weights other than 0 before training' } }),
        },
      };
    },
  }),
});

/** A change relative to weights of zero is not defined. */
function finite(change: number): number | null {
  return Number.isFinite(change) ? change : null;
}

function historySeries(history: readonly Epoch[], withTeacher: boolean) {
  const line = (name: string, value: (epoch: Epoch) => number) => ({
    name,
    y: history.map((epoch) => finite(value(epoch))),
  });
  const whom = withTeacher ? 'agreement with the teacher' : 'agreement with the labels';
  return {
    type: 'series' as const,
    title: 'Encryption training',
    xLabel: 'epoch',
    yLabel: 'value',
    x: history.map((_, epoch) => epoch + 1),
    lines: [
      line('loss', ({ loss }) => loss),
      line('training accuracy', ({ accuracy }) => accuracy),
      line(`re-converted ANN, ${whom}`, ({ reconvertedAgreement }) => reconvertedAgreement),
      line('weight change', ({ weightChange }) => weightChange),
      ...Object.keys(history[0]!.weightChanges).map((layer) =>
        line(`weight change of ${layer}`, ({ weightChanges }) => weightChanges[layer]!),
      ),
    ],
  };
}
