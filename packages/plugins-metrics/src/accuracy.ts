import {
  assertImagesFit,
  assertSameClasses,
  defineStage,
  input,
  optionalInput,
  output,
  type Ann,
  type Images,
  type Series,
  type StageContext,
} from '@privatesnn/core';
import { annLogits, TENSOR_RUNTIME, type TensorRuntime } from '@privatesnn/runtime-tfjs';
import {
  countMatches,
  countTies,
  predictedClasses,
  readAfterOf,
  SPIKING_ENGINE,
  warnOfRemark,
  warnOfTies,
} from '@privatesnn/spiking';
import { z } from 'zod';

import { activitySeries } from './activity.js';
import { operationsSeries } from './operations.js';
import { simulate } from './simulate.js';
import { spreadImages } from './spread.js';
import { timePoints } from './time-points.js';
import { wilson } from './wilson.js';

const options = z.strictObject({
  limit: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe('Images to test on, of every class its share; null takes all.'),
  timeSteps: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe("T, time-steps of the simulation; null takes the network's own. An ANN has none."),
  recordAt: z
    .array(z.int().positive())
    .default([])
    .describe(
      'Time-steps at which accuracy is recorded, besides T; empty takes ten evenly spaced ones.',
    ),
  batch: z
    .int()
    .positive()
    .default(200)
    .describe('Images of one call; more need more memory. Does not change the result.'),
});

/** Accuracy of an ANN, or of an SNN at every recorded time-step, with the SNN's activity from the same pass. */
export const accuracy = defineStage({
  kind: 'metric',
  id: 'accuracy',
  version: 4,
  summary: 'Accuracy of a network with its 95 % interval; for a spiking one also against time.',
  source: 'Wilson 1927 (interval); PrivateSNN, Fig. 5a (accuracy against T)',
  options,
  inputs: {
    network: input(['ann', 'snn'], 'the network to test'),
    images: input('images', 'test images with their labels'),
    ann: optionalInput('ann', 'an ANN to compare the predictions with'),
  },
  outputs: {
    metrics: output(
      'scalars',
      'accuracy, wilsonLow, wilsonHigh, images, ties (images without a single largest logit, which count as wrong); of an SNN also timeSteps, spikesPerNeuron, spikesPerImage; with `ann` also annAccuracy, accuracyLoss, agreement',
    ),
    curve: output('series', 'accuracy at each recorded time-step; empty for an ANN'),
    activity: output('series', 'spikes per neuron by layer; empty for an ANN'),
    operations: output('series', 'what the synapses of each layer do; empty for an ANN'),
  },
  dependencies: { runtime: TENSOR_RUNTIME, engine: SPIKING_ENGINE },
  create: ({ runtime, engine }, { limit, timeSteps, recordAt, batch }) => ({
    async run(context, { network, images: all, ann }) {
      assertImagesFit(all, network.architecture);
      if (ann) assertImagesFit(all, ann.architecture);
      assertSameClasses(context, all, network, ...(ann ? [ann] : []));
      const images = spreadImages(all, limit);
      const { classes } = network.architecture;
      const count = images.shape[0];
      const score = (logits: Float32Array) =>
        countMatches(predictedClasses(logits, classes), images.labels);
      const result = async (logits: Float32Array) => {
        const predicted = predictedClasses(logits, classes);
        const ties = countTies(predicted);
        warnOfTies(context, 'the network', ties, count);
        return {
          ...proportion(countMatches(predicted, images.labels), count),
          ties,
          ...(ann ? await compareWith(context, runtime, ann, images, batch, predicted) : {}),
        };
      };

      if (network.type === 'ann') {
        const logits = await logitsOf(context, runtime, network, images, batch);
        return {
          metrics: {
            type: 'scalars',
            values: await result(logits),
          },
          curve: accuracyCurve([], []),
          activity: activitySeries([], count, 1),
          operations: operationsSeries([], count, 1, network.architecture),
        };
      }

      const steps = timeSteps ?? network.timeSteps;
      const points = timePoints(recordAt, steps, readAfterOf(network));
      warnOfRemark(context, engine, network, 'spikes');
      const { logits, activity, operations } = await simulate(engine, network, images, {
        timeSteps: steps,
        recordAt: points,
        batch,
        seed: context.random('encoder').uint32(),
        signal: context.signal,
        onProgress: (done, total) => context.progress(done, total, `T = ${steps}`),
      });
      const curve = logits.map((part) => score(part) / count);
      const last = logits.at(-1)!;
      const spiking = activity.slice(1);
      const spikes = spiking.reduce((sum, layer) => sum + layer.spikes, 0);
      const neurons = spiking.reduce((sum, layer) => sum + layer.neurons, 0);
      return {
        metrics: {
          type: 'scalars',
          values: {
            ...(await result(last)),
            timeSteps: steps,
            spikesPerNeuron: neurons > 0 ? spikes / (count * neurons) : null,
            spikesPerImage: spikes / count,
          },
        },
        curve: accuracyCurve(points, curve),
        activity: activitySeries(activity, count, steps),
        operations: operationsSeries(operations, count, steps, network.architecture),
      };
    },
  }),
});

function proportion(correct: number, count: number) {
  const [wilsonLow, wilsonHigh] = wilson(correct, count);
  return { accuracy: correct / count, wilsonLow, wilsonHigh, images: count };
}

function accuracyCurve(x: readonly number[], y: readonly number[]): Series {
  return {
    type: 'series',
    title: 'Accuracy against time-steps',
    xLabel: 'time-steps',
    yLabel: 'accuracy',
    x,
    lines: [{ name: 'accuracy', y }],
  };
}

function logitsOf(
  context: StageContext,
  runtime: TensorRuntime,
  ann: Ann,
  images: Images,
  batchSize: number,
): Promise<Float32Array> {
  return annLogits(runtime, ann, images, {
    batchSize,
    signal: context.signal,
    onProgress: (done, total) => context.progress(done, total, 'ANN'),
  });
}

async function compareWith(
  context: StageContext,
  runtime: TensorRuntime,
  ann: Ann,
  images: Images,
  batch: number,
  predicted: Int32Array,
) {
  const { classes } = ann.architecture;
  const reference = predictedClasses(await logitsOf(context, runtime, ann, images, batch), classes);
  const count = images.shape[0];
  warnOfTies(context, 'the ANN', countTies(reference), count);
  const annAccuracy = countMatches(reference, images.labels) / count;
  return {
    annAccuracy,
    accuracyLoss: annAccuracy - countMatches(predicted, images.labels) / count,
    agreement: countMatches(predicted, reference) / count,
  };
}
