import { imageName, type Architecture } from '@privatesnn/core';
import { arbitraryGraph, arbitraryPixels, arbitrarySnnOf } from '@privatesnn/testkit';
import fc, { type Arbitrary } from 'fast-check';

/** Any graph, behind one convolution that alone takes the image, all layers but the heads with neurons. */
export const graphBehindStem: Arbitrary<Architecture> = arbitraryGraph({ linear: false }).map(
  (graph) => {
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
  },
);

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

/** A spiking network of such a graph with gains, images of its encoder's range, and a seed. */
function runsOf(signed: boolean, graphs = graphBehindStem) {
  return graphs.chain((architecture) =>
    arbitrarySnnOf(architecture, { maxTimeSteps: 10, signed }).chain((snn) =>
      fc.record({
        snn: fc.constant(snn),
        pixels: arbitraryPixels(architecture, snn.encoder.range, 3),
        seed: fc.nat(2 ** 32 - 1),
      }),
    ),
  );
}

/** Of neurons whose spikes are 0 or 1, which training takes. */
export const binaryGraphRun = runsOf(false);
/** Of signed neurons too. */
export const graphRun = runsOf(true);
export const overlappingRun = runsOf(false, fc.constant(overlapping));
