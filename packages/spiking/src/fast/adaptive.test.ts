import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';

import { spikingLayers, type AdaptiveNeuron, type Layer, type Snn } from '@privatesnn/core';

import { createEngine } from '../create-engine.js';
import type { SpikingEngine } from '../engine.js';
import { createReferenceEngine } from '../reference/engine.js';
import { networkSpec } from './engine.js';
import { thresholdsOf } from './infer.js';
import { loadKernels, type KernelKind } from './kernels.js';
import { Network } from './network/network.js';
import { simulate } from './simulate.js';
import { GuardedHeap } from './guarded-heap.js';
import { beyondKernels } from './plan.js';
import { compiledEngines } from './testing/compiled-engines.js';
import { binaryGraphRun } from './testing/graph-behind-stem.js';
import { networkCase, type NetworkCase } from './testing/random-network.js';

const reference = createReferenceEngine();

/** Numbers of few bits, for few time-steps: sums stay exact in 32-bit floats. */
const adaptiveNeuron: fc.Arbitrary<AdaptiveNeuron> = fc.record({
  kind: fc.constant('adaptive'),
  rest: fc.constantFrom(0.5, 1),
  growth: fc.constantFrom(0, 0.5, 1),
  thresholdDecay: fc.constantFrom(0, 0.5),
  refractoryDecay: fc.constantFrom(0, 0.5),
  currentDecay: fc.constantFrom(0, 0.5),
  membraneDecay: fc.constantFrom(0, 0.5),
});

/** Random networks of adaptive neurons. */
const adaptiveNetwork: fc.Arbitrary<NetworkCase> = fc
  .tuple(
    networkCase({ encoders: ['poisson', 'constant', 'first-spike'], dropout: true }),
    adaptiveNeuron,
    fc.constantFrom('sum' as const, 'filtered' as const),
  )
  .map(([network, neuron, kind]) => ({
    ...network,
    snn: {
      ...network.snn,
      neuron,
      readout: { kind, scale: 1 },
      timeSteps: Math.min(network.snn.timeSteps, 5),
    },
  }));

/** The same of graphs, without clipped ReLUs. */
const adaptiveGraph = fc
  .tuple(binaryGraphRun, adaptiveNeuron, fc.constantFrom('sum' as const, 'filtered' as const))
  .map(([{ snn: given, pixels, seed }, neuron, kind]) => {
    // Which adaptive neurons do not have.
    const { initialPotentials: _, ...snn } = given;
    return {
      ...{ pixels, seed },
      snn: {
        ...snn,
        architecture: {
          ...snn.architecture,
          layers: snn.architecture.layers.map((layer) =>
            'maximum' in layer ? { ...layer, maximum: undefined } : layer,
          ),
        },
        neuron,
        readout: { kind, scale: 1 },
        timeSteps: Math.min(snn.timeSteps, 5),
      } satisfies Snn,
    };
  })
  .filter(({ snn }) => beyondKernels(snn.architecture) === undefined);

describe.each(compiledEngines)('$implementation engine', ({ implementation }) => {
  let engine: SpikingEngine | undefined;
  const get = async (): Promise<SpikingEngine> =>
    (engine ??= await createEngine({ implementation, threads: 2 }));
  afterAll(() => engine?.close());

  it('runs adaptive neurons as the reference does, spike by spike', async () => {
    await fc.assert(
      fc.asyncProperty(adaptiveNetwork, async ({ snn, pixels, seed, firstImage }) => {
        const raster = ['input', ...Object.keys(snn.thresholds)];
        const recordAt = [...new Set([1, Math.ceil(snn.timeSteps / 2), snn.timeSteps])];
        const request = { snn, pixels, seed, firstImage, raster, recordAt };
        const expected = await reference.infer(request);
        const actual = await (await get()).infer(request);
        expect(actual.activity).toEqual(expected.activity);
        for (const layer of raster) expect(actual.raster[layer]).toEqual(expected.raster[layer]);
        actual.potentials.forEach((u, i) => expect(u).toBeCloseTo(expected.potentials[i]!, 3));
      }),
      { numRuns: 80 },
    );
  });

  it('runs adaptive neurons of graphs as the reference does, spike by spike', async () => {
    await fc.assert(
      fc.asyncProperty(adaptiveGraph, async ({ snn, pixels, seed }) => {
        const raster = spikingLayers(snn.architecture).map(({ name }) => name);
        const recordAt = [...new Set([1, snn.timeSteps])];
        const request = { snn, pixels, seed, raster, recordAt };
        const expected = await reference.infer(request);
        const actual = await (await get()).infer(request);
        expect(actual.raster).toEqual(expected.raster);
        expect(actual.operations).toEqual(expected.operations);
        actual.potentials.forEach((u, i) => expect(u).toBeCloseTo(expected.potentials[i]!, 3));
      }),
      { numRuns: 80 },
    );
  });

  it('writes nothing beyond its buffers', () => {
    const kernels = loadKernels(implementation as KernelKind);
    fc.assert(
      fc.property(adaptiveNetwork, ({ snn, pixels, seed, firstImage }) => {
        const { architecture, parameters, neuron, encoder, timeSteps, readout } = snn;
        const spec = networkSpec(
          architecture,
          { parameters },
          {
            thresholds: thresholdsOf(snn),
            neuron,
            encoder: encoder.kind,
            timeSteps,
            seed,
            dropout: false,
            ...(readout.kind === 'filtered' ? { filteredBy: 0.5 } : {}),
          },
        );
        const size = architecture.inputShape.reduce((a, b) => a * b);
        const images = { pixels, start: 0, end: pixels.length / size, firstImage };
        simulate(new Network(new GuardedHeap(kernels), spec), images, [timeSteps], []);
      }),
      { numRuns: 30 },
    );
  });
});

describe('adaptive neurons', () => {
  const [example] = fc.sample(adaptiveNetwork, { numRuns: 1, seed: 3 }) as [NetworkCase];
  const changed = (change: Partial<AdaptiveNeuron>) => ({
    ...example,
    snn: { ...example.snn, neuron: { ...(example.snn.neuron as AdaptiveNeuron), ...change } },
  });

  it('cannot be trained, balanced or computed in integers, which the error says', async () => {
    const { snn } = example;
    const wanted = { parameters: true, thresholds: false, input: false };
    const requests = [
      reference.infer({ ...example, precision: 'integer' }),
      reference.balanceThresholds({ ...snn, ...example, scale: 1, percentile: 100 }),
      reference.gradients({
        ...example,
        surrogate: { kind: 'triangle', gamma: 1, divideByTheta: false },
        detachReset: false,
        dropout: false,
        loss: (logits) => ({ value: 0, gradient: logits }),
        wanted,
      }),
    ];
    for (const request of requests) {
      await expect(request).rejects.toMatchObject({ code: 'ADAPTIVE_NEURON' });
    }
  });

  it('take no maximum of currents, which the error says', async () => {
    const { snn } = example;
    const layers: Layer[] = [
      {
        ...{ kind: 'conv', name: 'linear', inChannels: 1, outChannels: 1, linear: true },
        ...{ kernel: 1, stride: 1, padding: 0, bias: false },
      },
      { kind: 'max-pool', name: 'largest', size: 2 },
      { kind: 'dense', name: 'output', inputs: 1, outputs: 1, bias: false },
    ];
    const architecture = { name: 'currents', inputShape: [2, 2, 1] as const, classes: 1, layers };
    const parameters = {
      'linear.weight': { shape: [1, 1, 1, 1], data: Float32Array.of(1) },
      'output.weight': { shape: [1, 1], data: Float32Array.of(1) },
    };
    const request = {
      snn: { ...snn, architecture, parameters },
      pixels: new Float32Array(4),
      seed: 0,
    };
    await expect(reference.infer(request)).rejects.toMatchObject({
      code: 'NETWORK_GRAPH',
      message: expect.stringContaining('max-pooling of currents: max-pool "largest"') as string,
    });
  });

  it('are refused with decays that are none', async () => {
    for (const wrong of [
      changed({ currentDecay: 1 }),
      changed({ growth: -1 }),
      changed({ rest: 0 }),
    ]) {
      await expect(reference.infer(wrong)).rejects.toMatchObject({ code: 'ENGINE_ADAPTIVE' });
    }
  });

  it('are what a filtered read-out needs', async () => {
    const neuron = {
      kind: 'integrate-and-fire',
      leak: 1,
      reset: 'soft',
      firing: 'strict',
      initial: 0,
    } as const;
    const snn: Snn = { ...example.snn, neuron, readout: { kind: 'filtered', scale: 1 } };
    await expect(reference.infer({ ...example, snn })).rejects.toMatchObject({
      code: 'ENGINE_READOUT',
    });
  });
});
