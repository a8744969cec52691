import { defineStage, input, output } from '@privatesnn/core';
import { z } from 'zod';

import { readActivity } from './activity.js';

/** Spike rates by layer, from the activity that an accuracy stage recorded. */
export const spikeRate = defineStage({
  kind: 'metric',
  id: 'spike-rate',
  version: 2,
  summary: 'Spikes per neuron and spike rate, by layer and over the whole network.',
  source: 'PrivateSNN v1, Fig. 7',
  options: z.strictObject({
    silentBelow: z
      .number()
      .min(0)
      .default(1e-3)
      .describe('A layer with fewer spikes per neuron than this, over all T, counts as silent.'),
  }),
  inputs: {
    network: input('snn', 'the spiking network'),
    activity: input('series', 'its activity, from an accuracy stage'),
  },
  outputs: {
    metrics: output(
      'scalars',
      'spikesPerNeuron and spikeRate over all spiking layers, inputSpikesPerNeuron, lowestSpikesPerNeuron, silentLayers; negativePart, the part of the spikes that take one back, null where neurons are not signed',
    ),
    rates: output(
      'series',
      'spikes per neuron and per neuron and time-step, by layer; of signed neurons also those that take one back',
    ),
  },
  dependencies: {},
  create: (_, { silentBelow }) => ({
    async run(context, { network, activity }) {
      context.signal.throwIfAborted();
      const [encoder, ...layers] = readActivity(activity, network);
      const neurons = layers.reduce((sum, layer) => sum + layer.neurons, 0);
      const mean = (of: (layer: (typeof layers)[number]) => number) =>
        neurons > 0 ? layers.reduce((sum, l) => sum + l.neurons * of(l), 0) / neurons : null;
      const negative = layers.flatMap(({ negativePerNeuron }) => negativePerNeuron ?? []);
      const isSigned = negative.length > 0;
      const spikes = mean((layer) => layer.spikesPerNeuron);
      const back = mean((layer) => layer.negativePerNeuron ?? 0);
      const silent = layers.filter((layer) => layer.spikesPerNeuron < silentBelow);
      if (silent.length > 0) {
        context.warn(
          `Nearly silent layers (fewer than ${silentBelow} spikes per neuron): ${silent
            .map(({ layer }) => layer)
            .join(', ')}. The thresholds are too high for these images, or T is too small.`,
        );
      }
      return {
        metrics: {
          type: 'scalars',
          values: {
            spikesPerNeuron: spikes,
            spikeRate: mean((layer) => layer.spikeRate),
            inputSpikesPerNeuron: encoder!.spikesPerNeuron,
            lowestSpikesPerNeuron:
              layers.length > 0 ? Math.min(...layers.map((layer) => layer.spikesPerNeuron)) : null,
            silentLayers: silent.length,
            negativePart: isSigned && spikes ? back! / spikes : null,
          },
          ...(isSigned && spikes
            ? {}
            : {
                reasons: {
                  negativePart: isSigned
                    ? 'no neuron spikes'
                    : 'its neurons are not signed: none takes a spike back',
                },
              }),
        },
        rates: {
          type: 'series',
          title: 'Spike rate by layer',
          xLabel: 'layer',
          yLabel: 'spikes',
          x: layers.map(({ layer }) => layer),
          lines: [
            { name: 'spikes per neuron', y: layers.map((layer) => layer.spikesPerNeuron) },
            { name: 'spikes per neuron and time-step', y: layers.map((layer) => layer.spikeRate) },
            ...(isSigned ? [{ name: 'negative spikes per neuron', y: negative }] : []),
          ],
        },
      };
    },
  }),
});
