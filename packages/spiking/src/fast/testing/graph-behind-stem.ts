import { imageName, type Architecture } from '@privatesnn/core';
import { arbitraryGraph } from '@privatesnn/testkit';
import fc, { type Arbitrary } from 'fast-check';

import { runsOf } from './spiking-runs.js';

/** Graphs behind one convolution that alone takes the image. */
export function behindStem(graphs: Arbitrary<Architecture>): Arbitrary<Architecture> {
  return graphs.map((graph) => {
    const [, , channels] = graph.inputShape;
    return {
      ...graph,
      layers: [
        {
          ...{ kind: 'conv', name: 'stem', kernel: 1, stride: 1, padding: 0, bias: false },
          ...{ inChannels: channels, outChannels: channels },
        },
        ...graph.layers.map((layer) => ({
          ...layer,
          from: layer.from!.map((name) => (name === imageName ? 'stem' : name)),
        })),
      ],
    };
  });
}

/** Any graph of those, all layers but the heads with neurons. */
export const graphBehindStem = behindStem(arbitraryGraph({ linear: false }));

const pool = { size: 3, stride: 1, padding: 1 } as const;

/** Poolings that overlap, one behind the other: behind each there are more spikes than before. */
const overlapping: Architecture = {
  name: 'overlapping',
  inputShape: [5, 4, 1],
  classes: 2,
  layers: [
    {
      ...{ kind: 'conv', name: 'stem', kernel: 1, stride: 1, padding: 0, bias: true },
      ...{ inChannels: 1, outChannels: 3 },
    },
    { kind: 'max-pool', ...pool },
    { kind: 'max-pool', ...pool },
    { kind: 'average-pool', ...pool },
    { kind: 'average-pool', ...pool, countPadded: false },
    { kind: 'flatten' },
    { kind: 'dense', name: 'output', inputs: 60, outputs: 2, bias: true },
  ],
};

/** Of neurons whose spikes are 0 or 1, which training takes. */
export const binaryGraphRun = runsOf(graphBehindStem, false);
/** Of signed neurons too. */
export const graphRun = runsOf(graphBehindStem, true);
export const overlappingRun = runsOf(fc.constant(overlapping), false);
