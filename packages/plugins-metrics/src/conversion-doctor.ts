import {
  assertImagesFit,
  assertSameClasses,
  defineStage,
  input,
  optionalInput,
  output,
  UserError,
  type Ann,
  type Snn,
} from '@privatesnn/core';
import { TENSOR_RUNTIME } from '@privatesnn/runtime-tfjs';
import {
  countMatches,
  countTies,
  predictedClasses,
  readAfterOf,
  SPIKING_ENGINE,
  warnOfTies,
} from '@privatesnn/spiking';
import { z } from 'zod';

import { neuronCounts } from './activity.js';
import { annActivations, logitsFrom } from './doctor/ann-activations.js';
import { activationScales } from './doctor/activation-scales.js';
import { consult } from './doctor/consult.js';
import { layerStatistics } from './doctor/layer-statistics.js';
import { simulate } from './simulate.js';
import { spreadImages } from './spread.js';
import { timePoints } from './time-points.js';

/** Finds where a conversion loses accuracy, and says what to change, after having tried it. */
export const conversionDoctor = defineStage({
  kind: 'metric',
  id: 'conversion-doctor',
  version: 6,
  summary:
    'Where a conversion loses accuracy: agreement of rates and activations by layer, dead and saturated neurons, advice.',
  source: 'This project',
  options: z.strictObject({
    limit: z
      .int()
      .positive()
      .default(50)
      .describe(
        'Images to look at, of every class its share; all their spike counts are kept in memory.',
      ),
    timeSteps: z
      .int()
      .positive()
      .max(65535)
      .nullable()
      .default(null)
      .describe("T, time-steps of the simulation; null takes the network's own."),
    batch: z
      .int()
      .positive()
      .default(4)
      .describe('Images of one call; each keeps one byte a neuron and time-step.'),
    scaleApplied: z
      .enum(['while-balancing', 'afterwards'])
      .default('while-balancing')
      .describe(
        'As in the options of `threshold-balancing`, which cannot be told from the network: what is tried is ' +
          'converted so. The next two likewise.',
      ),
    percentile: z.number().gt(0).max(100).default(100).describe('As in `threshold-balancing`.'),
    calibrationSteps: z
      .int()
      .min(1)
      .nullable()
      .default(null)
      .describe("As in `threshold-balancing`; null for the network's own T."),
  }),
  inputs: {
    network: input('snn', 'the converted network'),
    ann: input('ann', 'the ANN that it was converted from'),
    images: input('images', 'images with their labels'),
    calibration: optionalInput(
      'images',
      'the images that the converter took; where left out, what is tried is calibrated on `images`',
    ),
  },
  outputs: {
    metrics: output(
      'scalars',
      'accuracy, annAccuracy, agreement (part of the images that both put in the same class), ties (images for which several classes share the largest output, which count as wrong), lowestCorrelation, suggestedThresholdFactor, suggestedPercentile, suggestedTimeSteps',
    ),
    layers: output(
      'series',
      'by layer: correlation of activation and spike rate, dead and saturated part, highest rate, accuracy of the ANN that goes on from this layer’s rates',
    ),
    curve: output('series', 'accuracy at ten time-steps up to T'),
  },
  dependencies: { runtime: TENSOR_RUNTIME, engine: SPIKING_ENGINE },
  create: ({ runtime, engine }, { limit, timeSteps, batch, ...balancing }) => ({
    async run(context, { network, ann, images: all, calibration: given }) {
      assertImagesFit(all, network.architecture);
      assertSameClasses(context, all, network, ann);
      if (given) {
        assertImagesFit(given, network.architecture);
        assertSameClasses(context, given, network);
      }
      assertSameLayers(network, ann);
      const images = spreadImages(all, limit);
      const count = images.shape[0];
      const { classes } = network.architecture;
      const steps = timeSteps ?? network.timeSteps;
      const points = timePoints([], steps, readAfterOf(network));
      const neurons = neuronCounts(network);
      const counts = new Map([...neurons].map(([name, n]) => [name, new Uint16Array(count * n)]));
      const { signal } = context;
      const share = (logits: Float32Array) =>
        countMatches(predictedClasses(logits, classes), images.labels) / count;

      const { logits } = await simulate(engine, network, images, {
        timeSteps: steps,
        recordAt: points,
        batch,
        seed: context.random('encoder').uint32(),
        signal,
        onProgress: (done, total) => context.progress(done, total, `T = ${steps}`),
        raster: [...neurons.keys()],
        onBatch: (start, { raster }) => {
          for (const [name, n] of neurons) {
            countSpikes(raster[name]!, counts.get(name)!.subarray(start * n), n, steps);
          }
        },
      });
      const activations = await annActivations(runtime, ann, images, { batch, signal });
      const scales = activationScales(network, ann);
      const layers = [...neurons].map(([name, n]) =>
        layerStatistics(name, activations.get(name)!, counts.get(name)!, n, steps, scales[name]!),
      );
      const onward: number[] = [];
      for (const { layer, gain } of layers) {
        context.progress(onward.length, layers.length, `ANN from ${layer} on`);
        const rates = Float32Array.from(counts.get(layer)!, (spikes) => (gain * spikes) / steps);
        const changed = { layer, activations: rates };
        onward.push(share(await logitsFrom(runtime, ann, images, changed, { batch, signal })));
      }

      const accuracy = logits.map(share);
      const annLogits = [...activations.values()].at(-1)!;
      const annAccuracy = share(annLogits);
      const annClasses = predictedClasses(annLogits, classes);
      const spikingClasses = predictedClasses(logits.at(-1)!, classes);
      const ties = countTies(spikingClasses);
      warnOfTies(context, 'the spiking network', ties, count);
      warnOfTies(context, 'the ANN', countTies(annClasses), count);

      const suggestion = await consult(context, runtime, engine, {
        network,
        ann,
        images,
        calibration: given && spreadImages(given, limit),
        layers,
        activations,
        scales,
        curve: { timeSteps: points, accuracy },
        annAccuracy,
        batch,
        balancing,
      });
      const correlations = layers.flatMap(({ correlation }) => correlation ?? []);
      return {
        metrics: {
          type: 'scalars',
          values: {
            accuracy: accuracy.at(-1)!,
            annAccuracy,
            agreement: countMatches(spikingClasses, annClasses) / count,
            ties,
            lowestCorrelation: correlations.length > 0 ? Math.min(...correlations) : null,
            suggestedThresholdFactor: suggestion.thresholdFactor,
            suggestedPercentile: suggestion.percentile,
            suggestedTimeSteps: suggestion.timeSteps,
          },
        },
        layers: {
          type: 'series',
          title: 'Conversion by layer',
          xLabel: 'layer',
          yLabel: 'fraction',
          x: layers.map(({ layer }) => layer),
          lines: [
            {
              name: 'correlation of activation and rate',
              y: layers.map((layer) => layer.correlation),
            },
            { name: 'dead neurons', y: layers.map((layer) => layer.dead) },
            { name: 'saturated neurons', y: layers.map((layer) => layer.saturated) },
            { name: 'highest spike rate', y: layers.map((layer) => layer.highestRate) },
            { name: 'accuracy of the ANN from here on', y: onward },
          ],
        },
        curve: {
          type: 'series',
          title: 'Accuracy against time-steps',
          xLabel: 'time-steps',
          yLabel: 'accuracy',
          x: points,
          lines: [{ name: 'accuracy', y: accuracy }],
        },
      };
    },
  }),
});

/** Adds up the raster [images, T, neurons] over time; spikes of −1 are taken off. */
function countSpikes(
  raster: Uint8Array,
  counts: Uint16Array,
  neurons: number,
  timeSteps: number,
): void {
  const images = raster.length / (neurons * timeSteps);
  const spikes = new Int8Array(raster.buffer, raster.byteOffset, raster.length);
  for (let image = 0; image < images; image++) {
    for (let t = 0; t < timeSteps; t++) {
      const from = (image * timeSteps + t) * neurons;
      for (let n = 0; n < neurons; n++) {
        counts[image * neurons + n]! += spikes[from + n]!;
      }
    }
  }
}

function assertSameLayers(network: Snn, ann: Ann): void {
  const describe = (layers: Ann['architecture']['layers']) =>
    layers.map((layer) => ('name' in layer ? layer.name : layer.kind)).join(', ');
  const [spiking, conventional] = [network, ann].map(({ architecture }) =>
    describe(architecture.layers),
  );
  if (spiking === conventional) return;
  throw new UserError(
    'data',
    'NETWORKS_DIFFER',
    `Expected the ANN that the network was converted from, with the layers ${spiking}, but it has ${conventional}.`,
    { hint: 'Connect `ann` to the ANN that the converter took.' },
  );
}
