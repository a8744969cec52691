import { defineStage, input, output, type Series, type Snn } from '@privatesnn/core';
import {
  annEnergy,
  annOperations,
  energyConstants,
  energyOf,
  probeStepsOf,
  snnEnergy,
  snnOperations,
  type EnergyConstants,
  type OperationCounts,
} from '@privatesnn/spiking';
import { z } from 'zod';

import { readActivity } from './activity.js';
import { readOperations } from './operations.js';

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
  version: 2,
  summary:
    "Energy of one inference, ANN beside SNN: operations counted, and by the paper's formula; for integers and floats.",
  source: 'PrivateSNN, Table 5; Horowitz 2014 (45 nm)',
  options: z.strictObject({
    integer: constants(energyConstants.integer, '32-bit integer'),
    float: constants(energyConstants.float, '32-bit float'),
    constantInput: z
      .enum(['every-step', 'kept'])
      .default('every-step')
      .describe(
        "How a constant input is billed: its multiplications at every time-step, or once, with one addition a neuron and time-step, where the hardware keeps each neuron's current (kept).",
      ),
  }),
  inputs: {
    network: input('snn', 'the spiking network'),
    activity: input('series', 'its activity, from an accuracy stage'),
    operations: input('series', 'its operations, from the same accuracy stage'),
  },
  outputs: {
    metrics: output(
      'scalars',
      "operations counted, for integer and float: annInteger, snnInteger (pJ an image) and integerRatio = ANN/SNN; annFloat, snnFloat, floatRatio; the same by the paper's formula: paperAnnInteger, paperSnnInteger, paperIntegerRatio, paperAnnFloat, paperSnnFloat, paperFloatRatio; annMultiplications, annAdditions, snnMultiplications, snnAdditions; of the formula: flops, spikingOperations",
    ),
    layers: output('series', 'picojoules an image, by layer, operations counted'),
  },
  dependencies: {},
  create: (_, { integer, float, constantInput }) => ({
    async run(context, { network, activity, operations }) {
      context.signal.throwIfAborted();
      const { architecture } = network;
      const { layers, timeSteps } = readOperations(operations, network);
      const ann = annOperations(architecture);
      const snn = snnOperations({
        ...{ architecture, operations: layers, timeSteps, constantInput },
        probeSteps: probeStepsOf(network.neuron),
      });
      const picojoules = (counts: readonly OperationCounts[], pair: EnergyConstants) =>
        counts.map((layer) => energyOf(layer, pair));
      const lines = [
        { name: 'ANN, integer', y: picojoules(ann, integer) },
        { name: 'SNN, integer', y: picojoules(snn, integer) },
        { name: 'ANN, float', y: picojoules(ann, float) },
        { name: 'SNN, float', y: picojoules(snn, float) },
      ] as const;
      const [annInteger, snnInteger, annFloat, snnFloat] = lines.map(({ y }) => total(y)) as [
        number,
        number,
        number,
        number,
      ];
      return {
        metrics: {
          type: 'scalars',
          values: {
            annInteger,
            snnInteger,
            integerRatio: ratio(annInteger, snnInteger),
            annFloat,
            snnFloat,
            floatRatio: ratio(annFloat, snnFloat),
            annMultiplications: total(ann.map(({ multiplications }) => multiplications)),
            annAdditions: total(ann.map(({ additions }) => additions)),
            snnMultiplications: total(snn.map(({ multiplications }) => multiplications)),
            snnAdditions: total(snn.map(({ additions }) => additions)),
            ...byFormula(network, activity, timeSteps, integer, float),
          },
        },
        layers: {
          type: 'series',
          title: 'Energy of one inference by layer',
          xLabel: 'layer',
          yLabel: 'energy (pJ)',
          x: snn.map(({ layer }) => layer),
          lines,
        },
      };
    },
  }),
});

/** The paper's formula: FLOPs times the spikes per neuron of the layer before. */
function byFormula(
  network: Snn,
  activity: Series,
  timeSteps: number,
  integer: EnergyConstants,
  float: EnergyConstants,
) {
  const { architecture, encoder } = network;
  const rates = readActivity(activity, network).map(({ layer, neurons, spikesPerNeuron }) => ({
    layer,
    neurons,
    spikes: spikesPerNeuron * neurons,
  }));
  const of = (constants: EnergyConstants) => ({
    ann: annEnergy(architecture, constants),
    snn: snnEnergy({
      ...{ architecture, activity: rates, images: 1, encoder: encoder.kind, timeSteps, constants },
    }),
  });
  const [byInteger, byFloat] = [of(integer), of(float)];
  const { layers } = byInteger.snn;
  return {
    paperAnnInteger: byInteger.ann.total,
    paperSnnInteger: byInteger.snn.total,
    paperIntegerRatio: ratio(byInteger.ann.total, byInteger.snn.total),
    paperAnnFloat: byFloat.ann.total,
    paperSnnFloat: byFloat.snn.total,
    paperFloatRatio: ratio(byFloat.ann.total, byFloat.snn.total),
    flops: total(layers.map(({ flops }) => flops)),
    spikingOperations: total(layers.map(({ flops, rate }) => flops * rate)),
  };
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** How many times less energy the SNN takes; null where nothing is computed at all. */
function ratio(ann: number, snn: number): number | null {
  return snn > 0 ? ann / snn : null;
}
