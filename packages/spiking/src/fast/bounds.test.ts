import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { integerLayers } from '../integer.js';
import { LayerSweep } from './layer-sweep.js';
import { networkSpec } from './engine.js';
import { trainingPlan } from './joint.js';
import { beyondKernels, planOf } from './plan.js';
import { thresholdsOf } from './infer.js';
import { loadKernels } from './kernels.js';
import { trainedTogether } from './network/images-together.js';
import type { InputImages, NetworkSpec } from './network/network-spec.js';
import { Network } from './network/network.js';
import { simulate } from './simulate.js';
import { kernelKinds } from './testing/compiled-engines.js';
import { binaryGraphRun, graphRun, overlappingRun } from './testing/graph-behind-stem.js';
import { GuardedHeap } from './guarded-heap.js';
import { networkCase, type NetworkCase } from './testing/random-network.js';
import { binaryRun, residualRun } from './testing/residual-network.js';
import { trainedLayer } from './trained-layer.js';
import { Training } from './training/training.js';

const allKinds = { encoders: ['poisson', 'constant', 'first-spike'], dropout: true } as const;
const anyNetwork = networkCase({ ...allKinds, signed: true, probes: true, potentials: true });

/** A residual network with images, of the numbers that any network has. */
const residual = residualRun.map(asCase);

/** The same of any graph that the kernels compute. */
const graph = graphRun.map(asCase).filter(isComputed);
const binaryGraph = binaryGraphRun.map(asCase).filter(isComputed);

function asCase(run: Omit<NetworkCase, 'firstImage'>): NetworkCase {
  return { ...run, firstImage: 0 };
}

function isComputed({ snn }: NetworkCase): boolean {
  return beyondKernels(snn.architecture) === undefined;
}

function specOf({ snn, seed }: NetworkCase, dropout: boolean) {
  return networkSpec(snn.architecture, snn, {
    thresholds: thresholdsOf(snn),
    neuron: snn.neuron,
    encoder: snn.encoder.kind,
    timeSteps: snn.timeSteps,
    seed,
    dropout,
  });
}

function imagesOf({ snn, pixels, firstImage }: NetworkCase) {
  const [height, width, channels] = snn.architecture.inputShape;
  return { pixels, start: 0, end: pixels.length / (height * width * channels), firstImage };
}

/** Those that are trained together. */
function trainedImages(network: NetworkCase, spec: NetworkSpec, memoryBudget: number): InputImages {
  const { pixels, start, end, firstImage } = imagesOf(network);
  const count = Math.min(end - start, trainedTogether(spec, memoryBudget));
  const size = pixels.length / (end - start);
  return { pixels: pixels.slice(0, count * size), number: firstImage, count };
}

describe.each(kernelKinds)('%s kernels write nothing beyond their buffers', (kind) => {
  const kernels = loadKernels(kind);
  const heapOf = (): GuardedHeap => new GuardedHeap(kernels);

  it('in simulation, of floats and of integers', () => {
    fc.assert(
      fc.property(anyNetwork, (network) => {
        const spec = specOf(network, false);
        const integers = integerLayers(network.snn, network.snn.timeSteps);
        simulate(new Network(heapOf(), spec), imagesOf(network), [spec.timeSteps], []);
        simulate(new Network(heapOf(), { ...spec, integers }), imagesOf(network), [1], []);
      }),
      { numRuns: 40 },
    );
  });

  it.each([
    ['residual networks', residual, 12],
    ['graphs of any windows', graph, 40],
    ['poolings that overlap', overlappingRun.map(asCase), 20],
  ] as const)('in %s', (_, networks, numRuns) => {
    fc.assert(
      fc.property(networks, fc.boolean(), (network, counted) => {
        const spec = specOf(network, false);
        const integers = integerLayers(network.snn, network.snn.timeSteps);
        simulate(new Network(heapOf(), spec), imagesOf(network), [spec.timeSteps], []);
        simulate(new Network(heapOf(), { ...spec, integers }), imagesOf(network), [1], []);
        const balancing = new LayerSweep(heapOf(), spec, imagesOf(network));
        Object.keys(network.snn.thresholds).forEach((_, layer) => {
          const largest = balancing.largest(layer);
          if (counted) balancing.count(layer, undefined);
          balancing.spike(layer, largest || Infinity);
        });
      }),
      { numRuns },
    );
  });

  it('in threshold balancing', () => {
    fc.assert(
      fc.property(anyNetwork, fc.boolean(), (network, counted) => {
        const balancing = new LayerSweep(heapOf(), specOf(network, false), imagesOf(network));
        Object.keys(network.snn.thresholds).forEach((_, layer) => {
          const largest = balancing.largest(layer);
          if (counted) {
            const bin = balancing.count(layer, undefined).findLastIndex((n) => n > 0);
            if (bin >= 0) balancing.count(layer, bin);
          }
          balancing.spike(layer, largest || Infinity);
        });
      }),
      { numRuns: 20 },
    );
  });

  it('in training', () => {
    const trained = fc
      .oneof(binaryRun.map(asCase), binaryGraph)
      .filter(({ snn }) => trainingPlan(planOf(snn.architecture)) !== undefined);
    fc.assert(
      fc.property(
        fc.oneof(networkCase(allKinds), networkCase({ ...allKinds, tiled: true }), trained),
        fc.constantFrom(2 ** 20, 2 ** 30),
        (network, memoryBudget) => {
          const { plan, original, placements, ways } = trainingPlan(
            planOf(network.snn.architecture),
          )!;
          const parameters = original.layers.map((layer, i) =>
            trainedLayer(layer, placements[i]!, network.snn),
          );
          const spec = { ...specOf(network, true), plan, parameters };
          const images = trainedImages(network, spec, memoryBudget);
          const training = new Training(heapOf(), {
            network: spec,
            ways,
            surrogate: { kind: 'exponential', gamma: 1, divideByTheta: false },
            detachReset: false,
            wanted: { parameters: true, thresholds: true, input: true },
            scale: 1,
            together: images.count,
            memoryBudget,
          });
          const { logits } = training.forward(images);
          const atInput = training.backward(logits.map((_, i) => i - 0.5));
          expect(atInput).toBeDefined();
          training.sums.sizes().forEach((size, index) => {
            const sums = new Float32Array(size);
            training.sums.addTo(index, sums);
            training.sums.unpack(index, 1, sums);
          });
        },
      ),
      { numRuns: 40 },
    );
  });
});
