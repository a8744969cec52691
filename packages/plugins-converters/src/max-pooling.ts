import { z } from 'zod';

import {
  layerShapes,
  layerText,
  spikingLayers,
  UserError,
  type Ann,
  type ConvLayer,
  type Layer,
  type Parameter,
  type SummingLayer,
} from '@privatesnn/core';

import { namedLayers } from './named-layers.js';

/** The option of converters. */
export const maxPoolingOption = z
  .enum(['refuse', 'any-spike', 'gated', 'currents'])
  .default('refuse')
  .describe(
    'What to do with max-pooling, which spikes do not compute: refuse the network; pass a spike wherever any neuron of the ' +
      'window spikes; pass those alone of the neuron that has spiked most so far (Rueckauer 2017); or take the largest ' +
      'current and put the neurons behind it (Bu 2025).',
  );

export type MaxPooling = z.output<typeof maxPoolingOption>;

/**
 * The network to convert, with its max-poolings as they are wanted; as an ANN it computes the same.
 *
 * @throws UserError where the network has max-pooling and the option does not say what becomes of it, or its neurons
 *   cannot be put behind it
 */
export function withMaxPooling({ maxPooling }: { readonly maxPooling: MaxPooling }, ann: Ann): Ann {
  const { layers, name } = ann.architecture;
  const count = layers.filter(({ kind }) => kind === 'max-pool').length;
  if (count === 0) return ann;
  switch (maxPooling) {
    case 'refuse':
      throw new UserError(
        'configuration',
        'MAX_POOLING',
        `Expected a network without max-pooling, but ${name} has ${count} max-pooling ` +
          `layer${count === 1 ? '' : 's'}, which spikes do not compute.`,
        {
          hint: 'Train the network with average pooling, or choose what becomes of it: maxPooling: gated, currents or any-spike.',
        },
      );
    case 'any-spike':
      return ann;
    case 'gated': {
      const gated = layers.map((layer) =>
        layer.kind === 'max-pool' ? { ...layer, gated: true } : layer,
      );
      return { ...ann, architecture: { ...ann.architecture, layers: gated } };
    }
    case 'currents':
      return Array.from({ length: count }, (_, which) => which).reduce(neuronsBehind, ann);
  }
}

/**
 * What to advise where a network with max-pooling does not follow its ANN, as the end of a sentence; undefined where its
 * poolings are not to blame.
 *
 * The largest of each time-step's currents, or any spike of a window, is more on average than the most that one unit
 * gives on average, for however many time-steps, unless it is the same unit at all of them.
 */
export function maxPoolingAdvice(
  { maxPooling, spikes }: { readonly maxPooling: MaxPooling; readonly spikes: 'binary' | 'signed' },
  { architecture: { layers } }: Ann,
): string | undefined {
  const isMore = maxPooling === 'any-spike' || maxPooling === 'currents';
  return isMore && layers.some(({ kind }) => kind === 'max-pool')
    ? `with maxPooling: ${maxPooling} more passes than the ANN's maximum, at any number of time-steps: take maxPooling: gated${spikes === 'signed' ? ' and spikes: binary' : ''}`
    : undefined;
}

/**
 * The neurons in front of a max-pooling come behind it: max(ReLU(x)) = ReLU(max(x)), clipped or not. The layer before
 * becomes linear; a convolution of each pixel and channel by itself has the neurons.
 *
 * @param which of the max-poolings
 */
function neuronsBehind(ann: Ann, which: number): Ann {
  const { architecture, activation } = ann;
  const layers = namedLayers(architecture);
  const place = [...layers.keys()].filter((i) => layers[i]!.kind === 'max-pool')[which]!;
  const pool = layers[place]!;
  const before = layers.find(({ name }) => name === pool.from[0]);
  const spiking = spikingLayers(architecture).find(({ name }) => name === before?.name);
  const takers = layers.filter(({ from }) => from.includes(pool.from[0]!));
  if (!spiking || takers.length > 1 || activation) {
    const text = layerText(architecture.layers[place]!, place);
    const why = spiking
      ? `${takers.length} layers take the neurons before ${text}`
      : `it is not neurons that are before ${text}`;
    throw new UserError(
      'configuration',
      'MAX_POOLING_CURRENTS',
      `Expected neurons that the max-pooling alone takes, to put them behind it, but ${why} of ${architecture.name}.`,
      { hint: 'Choose maxPooling: gated or any-spike.' },
    );
  }
  const channels = layerShapes(architecture)[place]![2];
  const name = `${spiking.name} neurons`;
  const { maximum } = spiking;
  const neurons: ConvLayer = {
    kind: 'conv',
    name,
    from: [pool.name],
    inChannels: channels,
    outChannels: channels,
    kernel: 1,
    stride: 1,
    padding: 0,
    groups: channels,
    bias: false,
    ...(maximum === undefined ? {} : { maximum }),
  };
  const changed = layers.flatMap((layer): Layer[] => {
    if (layer === pool) return [layer, neurons];
    if (layer.name === spiking.name) return [linearOf(layer as SummingLayer)];
    return [{ ...layer, from: layer.from.map((one) => (one === pool.name ? name : one)) } as Layer];
  });
  const ones: Parameter = { shape: [1, 1, 1, channels], data: new Float32Array(channels).fill(1) };
  return {
    ...ann,
    architecture: { ...architecture, layers: changed },
    parameters: { ...ann.parameters, [`${name}.weight`]: ones },
  };
}

function linearOf({ maximum: _, ...layer }: SummingLayer): SummingLayer {
  return { ...layer, linear: true };
}
