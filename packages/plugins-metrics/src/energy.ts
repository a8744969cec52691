import { defineStage, input, output } from '@privatesnn/core';
import { annEnergy, energyConstants, snnEnergy, type EnergyConstants } from '@privatesnn/spiking';
import { z } from 'zod';

import { readActivity } from './activity.js';

const constants = (defaults: EnergyConstants, name: string) =>
  z
    .strictObject({
      mac: z.number().positive().describe('Multiply and accumulate, pJ.'),
      ac: z.number().positive().describe('Accumulate, pJ.'),
    })
    .default({ ...defaults })
    .describe(`Picojoules of one ${name} operation: mac and ac; the default is Horowitz 2014's.`);

/** Energy of one inference in the ANN and in the SNN, for integer and for float operations. */
export const energy = defineStage({
  kind: 'metric',
  id: 'energy',
  version: 1,
  summary:
    'Energy of one inference by layer, ANN beside SNN, for integer and for float operations.',
  source: 'PrivateSNN, Table 5; Horowitz 2014 (45 nm)',
  options: z.strictObject({
    integer: constants(energyConstants.integer, '32-bit integer'),
    float: constants(energyConstants.float, '32-bit float'),
  }),
  inputs: {
    network: input('snn', 'the spiking network'),
    activity: input('series', 'its activity, from an accuracy stage'),
  },
  outputs: {
    metrics: output(
      'scalars',
      'for integer and float: annInteger, snnInteger (pJ an image) and integerRatio = ANN/SNN; annFloat, snnFloat, floatRatio; flops; spikingOperations',
    ),
    layers: output('series', 'picojoules an image, by layer'),
  },
  dependencies: {},
  create: (_, { integer, float }) => ({
    async run(context, { network, activity }) {
      context.signal.throwIfAborted();
      const { architecture, encoder } = network;
      const rates = readActivity(activity, network);
      const compare = (pair: EnergyConstants) => ({
        ann: annEnergy(architecture, pair),
        snn: snnEnergy({
          architecture,
          activity: rates.map(({ layer, neurons, spikesPerNeuron }) => ({
            layer,
            neurons,
            spikes: spikesPerNeuron * neurons,
          })),
          images: 1,
          encoder: encoder.kind,
          constants: pair,
        }),
      });
      const [byInteger, byFloat] = [compare(integer), compare(float)];
      const { layers } = byInteger.snn;
      return {
        metrics: {
          type: 'scalars',
          values: {
            annInteger: byInteger.ann.total,
            snnInteger: byInteger.snn.total,
            integerRatio: ratio(byInteger),
            annFloat: byFloat.ann.total,
            snnFloat: byFloat.snn.total,
            floatRatio: ratio(byFloat),
            flops: layers.reduce((sum, { flops }) => sum + flops, 0),
            spikingOperations: layers.reduce((sum, { flops, rate }) => sum + flops * rate, 0),
          },
        },
        layers: {
          type: 'series',
          title: 'Energy of one inference by layer',
          xLabel: 'layer',
          yLabel: 'energy (pJ)',
          x: layers.map(({ layer }) => layer),
          lines: [
            ['ANN, integer', byInteger.ann] as const,
            ['SNN, integer', byInteger.snn] as const,
            ['ANN, float', byFloat.ann] as const,
            ['SNN, float', byFloat.snn] as const,
          ].map(([name, { layers }]) => ({ name, y: layers.map((layer) => layer.energy) })),
        },
      };
    },
  }),
});

/** How many times less energy the SNN takes; null where nothing spikes at all. */
function ratio({ ann, snn }: { ann: { total: number }; snn: { total: number } }): number | null {
  return snn.total > 0 ? ann.total / snn.total : null;
}
