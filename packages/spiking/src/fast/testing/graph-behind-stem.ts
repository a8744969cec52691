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

/** A spiking network of such a graph with gains, images of its encoder's range, and a seed. */
function runsOf(signed: boolean) {
  return graphBehindStem.chain((architecture) =>
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
