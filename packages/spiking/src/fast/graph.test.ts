import { layerShapes, spikingLayers, type Layer, type Snn } from '@privatesnn/core';
import { arbitraryGraphSnn, arbitraryPixels, classNames, testStream } from '@privatesnn/testkit';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';

import { integrateAndFireOf } from '../neuron-checks.js';
import type { BalanceRequest } from '../engine.js';
import { createReferenceEngine } from '../reference/engine.js';
import { FastEngine } from './engine.js';
import { architectureBehind } from './front.js';
import { trainingPlan } from './joint.js';
import { beyondKernels, planOf } from './plan.js';
import { expectAsReference, expectSameGradients } from './testing/engines-agree.js';
import { networkCase } from './testing/random-network.js';
import { binaryRun, residualRun as runs } from './testing/residual-network.js';
import { exactParameters } from './testing/exact-parameters.js';

const reference = createReferenceEngine();
const engine = new FastEngine('wasm', 2);
afterAll(() => engine.close());

describe('residual networks', () => {
  it('give what the reference engine gives', async () => {
    await fc.assert(
      fc.asyncProperty(runs, async ({ snn, pixels, seed }) => {
        expect(beyondKernels(snn.architecture)).toBeUndefined();
        const raster = spikingLayers(snn.architecture).map(({ name }) => name);
        const request = { snn, pixels, seed, raster, recordAt: [snn.timeSteps] };
        await expectAsReference(engine, request);
      }),
      { numRuns: 60 },
    );
  });

  it('give the same bits in integers, behind a normalisation too', async () => {
    await fc.assert(
      fc.asyncProperty(runs, fc.boolean(), async ({ snn: plain, pixels, seed }, behind) => {
        const snn = behind ? normalised(plain) : plain;
        const raster = spikingLayers(snn.architecture).map(({ name }) => name);
        const recordAt = Array.from({ length: snn.timeSteps }, (_, t) => t + 1);
        const request = {
          ...{ snn, seed, raster, recordAt, precision: 'integer' as const },
          pixels: behind ? pixels.map(Math.abs) : pixels,
        };
        await expectAsReference(engine, request);
      }),
      { numRuns: 60 },
    );
  });

  it.each(['float', 'integer'] as const)(
    'of channels of several blocks give what the reference engine gives, in numbers of kind %s',
    async (precision) => {
      const { snn, pixels } = wideRun();
      const raster = spikingLayers(snn.architecture).map(({ name }) => name);
      await expectAsReference(engine, { snn, pixels, seed: 3, raster, precision });
    },
  );

  it('are in integers close to what they are in floats', async () => {
    let [same, all] = [0, 0];
    await fc.assert(
      fc.asyncProperty(runs, async ({ snn, pixels, seed }) => {
        const raster = spikingLayers(snn.architecture).map(({ name }) => name);
        const request = { snn, pixels, seed, raster };
        const [ints, floats] = [
          await reference.infer({ ...request, precision: 'integer' }),
          await reference.infer(request),
        ];
        for (const name of raster) {
          const [a, b] = [ints.raster[name]!, floats.raster[name]!];
          all += a.length;
          a.forEach((spike, i) => (same += spike === b[i] ? 1 : 0));
        }
      }),
      { numRuns: 40 },
    );
    expect(same / all).toBeGreaterThan(0.95);
  });

  it('give the same bits in integers whether spikes pass an identity or a convolution of ones', async () => {
    await fc.assert(
      fc.asyncProperty(runs, async ({ snn, pixels, seed }) => {
        const request = { pixels, seed, precision: 'integer' as const };
        const [plain, convolved] = [
          await engine.infer({ ...request, snn }),
          await engine.infer({ ...request, snn: withoutIdentities(snn) }),
        ];
        expect(convolved.potentials).toEqual(plain.potentials);
        expect(convolved.activity).toEqual(plain.activity);
      }),
      { numRuns: 40 },
    );
  });

  it('are balanced as by the reference engine, clipped ReLUs too', async () => {
    await fc.assert(
      fc.asyncProperty(runs, fc.constantFrom(100, 100, 90), async (run, percentile) => {
        const { snn, pixels, seed } = run;
        const { architecture, parameters, neuron, encoder, timeSteps } = snn;
        // Thresholds that are powers of two keep every sum exact.
        const request = {
          ...{ architecture, parameters, encoder, timeSteps, pixels, seed, percentile, scale: 1 },
          neuron: { ...integrateAndFireOf({ neuron }, 'balance'), leak: 1, initial: 0 },
          scaleBiases: true,
        };
        const fast = await engine.balanceThresholds(request);
        const slow = await reference.balanceThresholds(request);
        expect(Object.keys(fast.thresholds)).toEqual(Object.keys(slow.thresholds));
        // Up to the first add all sums are exact; behind it gains and biases are rounded, and a spike may move.
        for (const [i, layer] of slow.layers.entries()) {
          const found = fast.layers[i]!;
          expect(found.layer).toBe(layer.layer);
          expect(Math.abs(found.current - layer.current)).toBeLessThanOrEqual(
            i < 2 ? 0 : 0.05 * layer.current + 1e-6,
          );
        }
      }),
      { numRuns: 25 },
    );
  });
});

describe('gradients of residual networks', () => {
  it('are those of the reference engine for channels of several blocks', async () => {
    const { snn, pixels } = wideRun();
    await expectSameGradients(engine, { snn, pixels, seed: 3 }, 'triangle', false);
    expect(trainingPlan(planOf(snn.architecture))).toBeDefined();
  });

  it('are those of the reference engine, behind gates and poolings too', async () => {
    let joint = 0;
    await fc.assert(
      fc.asyncProperty(
        binaryRun,
        fc.constantFrom('triangle' as const, 'exponential' as const, 'spike-time' as const),
        fc.boolean(),
        async (run, kind, detachReset) => {
          if (trainingPlan(planOf(run.snn.architecture))) joint++;
          await expectSameGradients(engine, run, kind, detachReset);
          const pixels = run.pixels.map(Math.abs);
          await expectSameGradients(
            engine,
            { ...run, snn: normalised(run.snn), pixels },
            kind,
            detachReset,
          );
        },
      ),
      { numRuns: 80 },
    );
    expect(joint).toBeGreaterThan(30);
  });
});

/** Images and a residual network with channels of several blocks. */
function wideRun(): { snn: Snn; pixels: Float32Array } {
  const random = testStream('weights');
  const window = { kernel: 3, stride: 1, padding: 1, bias: true } as const;
  const layers: Layer[] = [
    { kind: 'conv', name: 'stem', inChannels: 2, outChannels: 70, ...window },
    { kind: 'conv', name: 'a', inChannels: 70, outChannels: 40, ...window, stride: 2 },
    { kind: 'conv', name: 'b', inChannels: 40, outChannels: 130, ...window, linear: true },
    { kind: 'shortcut', name: 'past', from: ['stem'], stride: 2, before: 30, after: 30 },
    { kind: 'add', name: 'sum', from: ['past', 'b'] },
    { kind: 'conv', name: 'c', from: ['sum'], inChannels: 130, outChannels: 130, ...window },
    { kind: 'conv', name: 'd', inChannels: 130, outChannels: 130, ...window, linear: true },
    { kind: 'add', name: 'sum2', from: ['d', 'sum'] },
    { kind: 'flatten' },
    { kind: 'dense', name: 'output', inputs: 4 * 130, outputs: 2, bias: false },
  ];
  const architecture = { name: 'wide', inputShape: [4, 4, 2] as const, classes: 2, layers };
  const parameters = exactParameters(architecture);
  const snn: Snn = {
    ...{ type: 'snn', architecture, parameters, timeSteps: 9, classNames: classNames(2) },
    thresholds: { stem: 0.125, a: 0.5, sum: 0.5, c: 0.5, sum2: 0.5 },
    gains: { sum: [0.5, 1], sum2: [1, 0.25] },
    neuron: { kind: 'integrate-and-fire', leak: 1, reset: 'soft', firing: 'strict', initial: 0 },
    encoder: { kind: 'poisson', range: [-1, 1] },
    readout: { kind: 'sum', scale: 1 },
  };
  const pixels = Float32Array.from({ length: 2 * 32 }, () => random.uniform() * 2 - 1);
  return { snn, pixels };
}

/** The same with a linear convolution of one pixel and weights 0 and 1 where an add takes spikes as they are. */
function withoutIdentities(snn: Snn): Snn {
  const shapes = layerShapes(snn.architecture);
  const { layers } = snn.architecture;
  const parameters = { ...snn.parameters };
  const changed = layers.flatMap((layer): Layer[] => {
    if (layer.kind !== 'add') return [layer];
    const added: Layer[] = [];
    const from = layer.from!.map((source, i) => {
      const at = layers.findIndex(({ name }) => name === source);
      const before = layers[at]!;
      if (before.kind === 'shortcut' || ('linear' in before && before.linear)) return source;
      const channels = shapes[at]![2];
      const name = `${layer.name}-${i}`;
      const data = Float32Array.from({ length: channels ** 2 }, (_, k) =>
        k % (channels + 1) === 0 ? 1 : 0,
      );
      parameters[`${name}.weight`] = { shape: [1, 1, channels, channels], data };
      added.push({
        ...{ kind: 'conv', name, from: [source], linear: true, kernel: 1, stride: 1, padding: 0 },
        ...{ inChannels: channels, outChannels: channels, bias: false },
      });
      return name;
    });
    return [...added, { ...layer, from }];
  });
  return { ...snn, parameters, architecture: { ...snn.architecture, layers: changed } };
}

/** The same behind a normalisation: a linear depthwise convolution of the image. */
function normalised(snn: Snn): Snn {
  const [, , channels] = snn.architecture.inputShape;
  const name = 'normalisation';
  const layer: Layer = {
    ...{ kind: 'conv', name, linear: true, inChannels: channels, outChannels: channels },
    ...{ kernel: 1, stride: 1, padding: 0, groups: channels, bias: true },
  };
  const numbers = Array.from({ length: channels }, (_, c) => (c + 2) / 4);
  return {
    ...snn,
    architecture: { ...snn.architecture, layers: [layer, ...snn.architecture.layers] },
    parameters: {
      ...snn.parameters,
      [`${name}.weight`]: { shape: [1, 1, 1, channels], data: Float32Array.from(numbers) },
      [`${name}.bias`]: { shape: [channels], data: Float32Array.from(numbers, (n) => n - 1) },
    },
    encoder: { kind: 'constant', range: [0, 1] },
  };
}

it('a clipped ReLU that nothing reaches has no threshold', async () => {
  const dense = { kind: 'dense', inputs: 1, outputs: 1, bias: false } as const;
  const request: BalanceRequest = {
    architecture: {
      name: 'silent',
      inputShape: [1, 1, 1],
      classes: 1,
      layers: [
        { ...dense, name: 'a' },
        { ...dense, name: 'b', maximum: 1 },
        { ...dense, name: 'output' },
      ],
    },
    parameters: Object.fromEntries(
      ['a', 'b', 'output'].map((name) => [
        `${name}.weight`,
        { shape: [1, 1], data: Float32Array.of(-1) },
      ]),
    ),
    neuron: {
      kind: 'integrate-and-fire',
      leak: 1,
      reset: 'soft',
      firing: 'strict',
      initial: 0,
    },
    encoder: { kind: 'constant', range: [0, 1] },
    ...{ timeSteps: 3, pixels: Float32Array.of(1), seed: 0, percentile: 100, scale: 1 },
    scaleBiases: true,
  };
  for (const one of [engine, reference]) {
    const { thresholds, layers } = await one.balanceThresholds(request);
    expect(thresholds).toEqual({});
    expect(layers.map(({ current }) => current)).toEqual([0, 0]);
  }
});

describe('a normalisation in front', () => {
  it('is computed once an image, and gives what the reference engine gives', async () => {
    await fc.assert(
      fc.asyncProperty(runs, async ({ snn: behind, pixels, seed }) => {
        const snn = normalised(behind);
        expect(engine.remark(snn, 'spikes')).toBeUndefined();
        const request = { snn, pixels: pixels.map(Math.abs), seed };
        const [fast, slow] = [await engine.infer(request), await reference.infer(request)];
        expect(fast.potentials).toEqual(slow.potentials);
        expect(fast.activity).toEqual(slow.activity);
        const [first] = slow.operations;
        expect(fast.operations[0]).toEqual(first);
        expect(fast.operations.map(({ additions }) => additions)).toEqual(
          slow.operations.map(({ additions }) => additions),
        );
      }),
      { numRuns: 30 },
    );
  });
});

it('gradients behind a normalisation have the dropout of the whole network', async () => {
  await fc.assert(
    fc.asyncProperty(networkCase({ encoders: ['constant'], dropout: true }), async (network) => {
      const pixels = network.pixels.map(Math.abs);
      await expectSameGradients(
        engine,
        { ...network, snn: normalised(network.snn), pixels },
        'triangle',
        false,
      );
    }),
    { numRuns: 40 },
  );
});

describe('graphs beyond the kernels', () => {
  it('are computed by the reference engine, which is told', async () => {
    let beyond = 0;
    await fc.assert(
      fc.asyncProperty(
        arbitraryGraphSnn({
          encoders: ['constant'],
          maxTimeSteps: 4,
          signed: true,
          probes: true,
        }).chain((snn) =>
          fc.record({
            snn: fc.constant(snn),
            pixels: arbitraryPixels(snn.architecture, snn.encoder.range, 2),
          }),
        ),
        async ({ snn, pixels }) => {
          const what = beyondKernels(architectureBehind(snn));
          if (what !== undefined) {
            beyond++;
            expect(engine.remark(snn, 'spikes')).toContain(what);
          }
          const fast = await engine.infer({ snn, pixels, seed: 1 });
          const slow = await reference.infer({ snn, pixels, seed: 1 });
          expect(fast.potentials).toEqual(slow.potentials);
          expect(fast.activity).toEqual(slow.activity);
        },
      ),
      { numRuns: 80 },
    );
    expect(beyond).toBeGreaterThan(20);
  });
});
