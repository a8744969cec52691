import { defineStage, input, output, UserError, weightedLayers, type Snn } from '@privatesnn/core';
import { z } from 'zod';

/** Thresholds of two conversions of one network, side by side. */
export const conversionReport = defineStage({
  kind: 'metric',
  id: 'conversion-report',
  version: 1,
  summary:
    'Thresholds of two conversions by layer: those from synthetic images beside those from real ones.',
  source: 'This project',
  options: z.strictObject({}),
  inputs: {
    network: input('snn', 'the conversion in question'),
    reference: input('snn', 'the conversion to compare with, for example on real images'),
  },
  outputs: {
    metrics: output(
      'scalars',
      'meanRatio (geometric mean of θ/θ reference over the layers), lowestRatio, highestRatio',
    ),
    thresholds: output('series', 'θ of both networks and their ratio, by layer'),
  },
  dependencies: {},
  create: () => ({
    async run(context, { network, reference }) {
      context.signal.throwIfAborted();
      const layers = weightedLayers(reference.architecture)
        .map(({ name }) => name)
        .filter((name) => name in reference.thresholds);
      assertSameLayers(network, layers);
      const ratios = layers.map(
        (layer) => network.thresholds[layer]! / reference.thresholds[layer]!,
      );
      const logSum = ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0);
      const some = layers.length > 0;
      return {
        metrics: {
          type: 'scalars',
          values: {
            meanRatio: some ? Math.exp(logSum / layers.length) : null,
            lowestRatio: some ? Math.min(...ratios) : null,
            highestRatio: some ? Math.max(...ratios) : null,
          },
        },
        thresholds: {
          type: 'series',
          title: 'Thresholds by layer',
          xLabel: 'layer',
          yLabel: 'threshold θ',
          x: layers,
          lines: [
            { name: 'network', y: layers.map((layer) => network.thresholds[layer]!) },
            { name: 'reference', y: layers.map((layer) => reference.thresholds[layer]!) },
            { name: 'ratio', y: ratios },
          ],
        },
      };
    },
  }),
});

function assertSameLayers(network: Snn, layers: readonly string[]): void {
  const own = Object.keys(network.thresholds);
  if (own.length === layers.length && layers.every((layer) => layer in network.thresholds)) return;
  throw new UserError(
    'data',
    'LAYERS_DIFFER',
    `Expected thresholds of the layers ${layers.join(', ')} as in the reference, but the network has ${own.join(', ')}.`,
    { hint: 'Compare conversions of the same ANN.' },
  );
}
