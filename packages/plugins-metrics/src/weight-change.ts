import {
  assertImagesFit,
  assertSameClasses,
  defineStage,
  input,
  optionalInput,
  output,
  UserError,
  weightedLayers,
  weightOf,
  type Ann,
  type Snn,
} from '@privatesnn/core';
import { annLogits, TENSOR_RUNTIME } from '@privatesnn/runtime-tfjs';
import {
  countMatches,
  countTies,
  predictedClasses,
  reconvertToAnn,
  relativeWeightChange,
  warnOfTies,
} from '@privatesnn/spiking';
import { z } from 'zod';

import { spreadImages } from './spread.js';

/**
 * How far encryption training moved the weights, and what a re-converted ANN still gets right. Both are needed:
 * a large change that also ruins the SNN is damage, and a small one that keeps the re-converted ANN intact
 * hides nothing.
 */
export const weightChange = defineStage({
  kind: 'metric',
  id: 'weight-change',
  version: 4,
  summary:
    'Relative change and cosine of the weights by layer, and the accuracy of the re-converted ANN.',
  source: 'This project, on the encryption training of PrivateSNN (AAAI 2022)',
  options: z.strictObject({
    limit: z
      .int()
      .positive()
      .nullable()
      .default(null)
      .describe('Images to test on, of every class its share; null takes all.'),
    batch: z.int().positive().default(200).describe('Images of one forward pass.'),
  }),
  inputs: {
    before: input(['ann', 'snn'], 'the network before training'),
    after: input('snn', 'the network after training'),
    images: optionalInput('images', 'test images for the re-converted networks'),
  },
  outputs: {
    metrics: output(
      'scalars',
      'relativeChange and cosine over all weights; with `images` also accuracyBefore and accuracyAfter of the re-converted ANN',
    ),
    layers: output('series', '‖W′ − W‖/‖W‖ and the cosine of W and W′, by layer'),
  },
  dependencies: { runtime: TENSOR_RUNTIME },
  create: ({ runtime }, { limit, batch }) => ({
    async run(context, { before, after, images: all }) {
      context.signal.throwIfAborted();
      const layers = weightedLayers(before.architecture);
      const moments = layers.map((layer) => {
        const w = weightOf(before.parameters, layer).data;
        const changed = after.parameters[`${layer.name}.weight`]?.data;
        if (w.length !== changed?.length) throw differentNetworks(before, after, layer.name);
        return momentsOf(w, changed);
      });
      const changes = relativeWeightChange(before.parameters, after.parameters);
      const byLayer = layers.map(({ name }) => changes[name]!);
      const squares = moments.reduce((sum, layer) => sum + layer.squares, 0);
      const moved = moments.reduce((sum, layer, i) => sum + layer.squares * byLayer[i]! ** 2, 0);
      const images = all && spreadImages(all, limit);
      assertSameClasses(context, before, after, ...(images ? [images] : []));
      const accuracyOf = async (network: Ann | Snn, note: string) => {
        if (!images) return null;
        assertImagesFit(images, network.architecture);
        const logits = await annLogits(
          runtime,
          network.type === 'ann' ? network : reconvertToAnn(network),
          images,
          {
            batchSize: batch,
            signal: context.signal,
            onProgress: (done, count) => context.progress(done, count, note),
          },
        );
        const { classes } = network.architecture;
        const predicted = predictedClasses(logits, classes);
        const count = images.shape[0];
        warnOfTies(context, `the network ${note}`, countTies(predicted), count);
        return countMatches(predicted, images.labels) / count;
      };
      return {
        metrics: {
          type: 'scalars',
          values: {
            relativeChange: finite(Math.sqrt(moved / squares)),
            cosine: cosine({
              squares,
              changedSquares: moments.reduce((sum, layer) => sum + layer.changedSquares, 0),
              product: moments.reduce((sum, layer) => sum + layer.product, 0),
            }),
            accuracyBefore: await accuracyOf(before, 'before'),
            accuracyAfter: await accuracyOf(after, 'after'),
          },
        },
        layers: {
          type: 'series',
          title: 'Weight change by layer',
          xLabel: 'layer',
          yLabel: 'relative change, cosine',
          x: layers.map(({ name }) => name),
          lines: [
            { name: 'relative change', y: byLayer.map(finite) },
            { name: 'cosine', y: moments.map(cosine) },
          ],
        },
      };
    },
  }),
});

interface Moments {
  readonly squares: number;
  readonly changedSquares: number;
  readonly product: number;
}

function momentsOf(w: Float32Array, changed: Float32Array): Moments {
  let [squares, changedSquares, product] = [0, 0, 0];
  for (let i = 0; i < w.length; i++) {
    const a = w[i]!;
    const b = changed[i]!;
    squares += a * a;
    changedSquares += b * b;
    product += a * b;
  }
  return { squares, changedSquares, product };
}

/** A change relative to weights of zero is not defined. */
function finite(change: number): number | null {
  return Number.isFinite(change) ? change : null;
}

/** In [−1, 1]; null where either side is zero. It does not see a mere rescaling of the layer. */
function cosine({ squares, changedSquares, product }: Moments): number | null {
  const norms = Math.sqrt(squares * changedSquares);
  return norms > 0 ? Math.max(-1, Math.min(1, product / norms)) : null;
}

function differentNetworks(before: Ann | Snn, after: Snn, layer: string): UserError {
  const shape = ({ parameters }: Ann | Snn) =>
    parameters[`${layer}.weight`]?.shape.join(' × ') ?? 'no such layer';
  return new UserError(
    'data',
    'NETWORKS_DIFFER',
    `Expected two states of one network, but the weights of layer "${layer}" are ${shape(before)} before and ${shape(after)} after.`,
    { hint: 'Connect `before` to the network that the trainer took, and `after` to what it gave.' },
  );
}
