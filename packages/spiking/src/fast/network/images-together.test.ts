import type { AdaptiveNeuron } from '@privatesnn/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { integerLayers } from '../../integer.js';
import { networkSpec } from '../engine.js';
import { Heap } from '../heap.js';
import { startsOf, thresholdsOf } from '../infer.js';
import { loadKernels } from '../kernels.js';
import { planOf } from '../plan.js';
import { simulate, type Simulation } from '../simulate.js';
import { kernelKinds } from '../testing/compiled-engines.js';
import { networkCase, type NetworkCase } from '../testing/random-network.js';
import { residualRun } from '../testing/residual-network.js';
import { imagesTogether } from './images-together.js';
import type { NetworkSpec } from './network-spec.js';
import { Network } from './network.js';

const anyNetwork = networkCase({
  encoders: ['poisson', 'constant', 'first-spike'],
  dropout: false,
  ...{ signed: true, potentials: true },
});

const residual: fc.Arbitrary<NetworkCase> = residualRun.map((run) => ({ ...run, firstImage: 2 }));

const adaptive: AdaptiveNeuron = {
  ...{ kind: 'adaptive', rest: 0.5, growth: 0.5, thresholdDecay: 0.7, refractoryDecay: 0.6 },
  ...{ currentDecay: 0.3, membraneDecay: 0.8 },
};

/** What a network may compute with besides floats. */
const modes: Record<string, (network: NetworkCase) => Partial<NetworkSpec>> = {
  float: () => ({}),
  integer: ({ snn }) => ({ integers: integerLayers(snn, snn.timeSteps) }),
  adaptive: () => ({ neuron: adaptive }),
  filtered: () => ({ neuron: adaptive, filteredBy: 0.3 }),
};

describe.each(kernelKinds)('%s kernels', (kind) => {
  const kernels = loadKernels(kind);

  it.each(Object.keys(modes))('give images together what they give one by one, %s', (mode) => {
    fc.assert(
      fc.property(
        mode === 'float' || mode === 'integer' ? fc.oneof(anyNetwork, residual) : anyNetwork,
        fc.integer({ min: 1, max: 8 }),
        (network, record) => {
          const { snn, seed, pixels, firstImage } = network;
          // Numbers of many bits: another order of summation would show.
          const parameters = Object.fromEntries(
            Object.entries(snn.parameters).map(([name, { shape, data }]) => [
              name,
              { shape, data: data.map((x, i) => x * (1 + Math.sin(i + 1) / 7)) },
            ]),
          );
          const spec = networkSpec(
            snn.architecture,
            { ...snn, parameters },
            {
              thresholds: thresholdsOf(snn),
              initialPotentials: startsOf(snn),
              neuron: snn.neuron,
              encoder: snn.encoder.kind,
              timeSteps: snn.timeSteps,
              seed,
              dropout: false,
              ...modes[mode]!(network),
            },
          );
          const count = pixels.length / snn.architecture.inputShape.reduce((a, b) => a * b);
          const recordAt = [...new Set([Math.min(record, snn.timeSteps), snn.timeSteps])];
          const raster = Object.keys(snn.thresholds);
          const run = (start: number, end: number): Simulation => {
            const images = { pixels, start, end, firstImage };
            return simulate(new Network(new Heap(kernels), spec), images, recordAt, raster);
          };
          const together = run(0, count);
          const single = Array.from({ length: count }, (_, i) => run(i, i + 1));

          expect(imagesTogether(spec)).toBeGreaterThanOrEqual(count);
          const countsOf = ({ spikes, negative, additions, multiplications }: Simulation) => [
            ...spikes,
            ...negative,
            ...additions.flat(),
            ...multiplications.flat(),
          ];
          const sums = countsOf(together).map((_, l) =>
            single.reduce((sum, one) => sum + countsOf(one)[l]!, 0),
          );
          expect(countsOf(together)).toEqual(sums);
          const joined = <T>(parts: ArrayLike<T>[]) => parts.flatMap((part) => Array.from(part));
          expect([...together.potentials]).toEqual(joined(single.map((one) => one.potentials)));
          for (const layer of raster) {
            const bytes = single.map((one) => one.raster[layer]!);
            expect([...together.raster[layer]!]).toEqual(joined(bytes));
          }
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('images that go together', () => {
  const networkOf = (size: number) => ({
    ...{ name: 'wide', classes: 2, inputShape: [size, size, 3] as const },
    layers: [
      {
        ...{ kind: 'conv' as const, name: 'conv', inChannels: 3, outChannels: 64 },
        ...{ kernel: 3, stride: 1, padding: 1, bias: false },
      },
      { kind: 'flatten' as const },
      {
        ...{
          kind: 'dense' as const,
          name: 'out',
          inputs: size * size * 64,
          outputs: 2,
          bias: false,
        },
      },
    ],
  });

  it.each([
    [32, 4, 32],
    [32, 5, 25],
    [32, 128, 1],
    [32, 1000, 1],
    [112, 4, 5],
    [224, 4, 1],
  ])('of %d² pixels, over %d time-steps, are %d', (size, timeSteps, images) => {
    expect(imagesTogether({ plan: planOf(networkOf(size)), timeSteps })).toBe(images);
  });
});
