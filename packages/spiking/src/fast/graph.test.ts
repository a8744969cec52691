import { layerShapes, spikingLayers, type Layer, type Snn } from '@privatesnn/core';
import {
  arbitraryEncoder,
  arbitraryGraph,
  arbitraryNeuron,
  arbitraryParameters,
  arbitraryPixels,
  arbitraryThresholds,
  classNames,
} from '@privatesnn/testkit';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';

import { integrateAndFireOf } from '../checks.js';
import type { BalanceRequest } from '../engine.js';
import { createReferenceEngine } from '../reference/engine.js';
import { FastEngine } from './engine.js';
import { architectureBehind } from './front.js';
import { beyondKernels } from './plan.js';
import { residualNetwork } from './testing/residual-network.js';

const reference = createReferenceEngine();
const engine = new FastEngine('wasm', 2);
afterAll(() => engine.close());

const runs = residualNetwork.chain((architecture) =>
  fc
    .record({
      type: fc.constant('snn' as const),
      architecture: fc.constant(architecture),
      parameters: arbitraryParameters(architecture),
      thresholds: arbitraryThresholds(architecture),
      gains: fc
        .array(fc.constantFrom(1, 1, 0.5, 2, 0.75), { minLength: 6, maxLength: 6 })
        .map((values) =>
          Object.fromEntries(
            architecture.layers
              .filter(({ kind }) => kind === 'add')
              .map(({ name }, i) => [name!, values.slice(2 * i, 2 * i + 2)]),
          ),
        ),
      neuron: arbitraryNeuron(),
      encoder: arbitraryEncoder(),
      readout: fc.constant({ kind: 'sum', scale: 1 } as const),
      timeSteps: fc.integer({ min: 1, max: 10 }),
      classNames: fc.constant(classNames(2)),
    })
    .chain((snn) =>
      fc.record({
        snn: fc.constant<Snn>(snn),
        pixels: arbitraryPixels(architecture, snn.encoder.range, 3),
        seed: fc.nat(2 ** 32 - 1),
        percentile: fc.constantFrom(100, 100, 90),
      }),
    ),
);

describe('residual networks', () => {
  it('give what the reference engine gives', async () => {
    await fc.assert(
      fc.asyncProperty(runs, async ({ snn, pixels, seed }) => {
        expect(beyondKernels(snn.architecture)).toBeUndefined();
        const raster = spikingLayers(snn.architecture).map(({ name }) => name);
        const request = { snn, pixels, seed, raster, recordAt: [snn.timeSteps] };
        const [fast, slow] = [await engine.infer(request), await reference.infer(request)];
        expect(fast.raster).toEqual(slow.raster);
        expect(fast.potentials).toEqual(slow.potentials);
        expect(fast.activity).toEqual(slow.activity);
        expect(fast.operations).toEqual(slow.operations);
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
        const [fast, slow] = [await engine.infer(request), await reference.infer(request)];
        expect(fast.raster).toEqual(slow.raster);
        expect(fast.potentials).toEqual(slow.potentials);
        expect(fast.activity).toEqual(slow.activity);
        expect(fast.operations).toEqual(slow.operations);
      }),
      { numRuns: 60 },
    );
  });

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
      fc.asyncProperty(runs, async ({ snn, pixels, seed, percentile }) => {
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

describe('graphs beyond the kernels', () => {
  it('are computed by the reference engine, which is told', async () => {
    let beyond = 0;
    await fc.assert(
      fc.asyncProperty(
        arbitraryGraph().chain((architecture) =>
          fc.record({
            architecture: fc.constant(architecture),
            parameters: arbitraryParameters(architecture),
            thresholds: arbitraryThresholds(architecture),
            pixels: arbitraryPixels(architecture, [0, 1], 2),
          }),
        ),
        async ({ pixels, ...network }) => {
          const snn: Snn = {
            type: 'snn',
            ...network,
            neuron: {
              ...{ kind: 'integrate-and-fire', leak: 1, reset: 'soft' },
              ...{ firing: 'strict', initial: 0 },
            },
            encoder: { kind: 'constant', range: [0, 1] },
            readout: { kind: 'sum', scale: 1 },
            timeSteps: 4,
            classNames: classNames(network.architecture.classes),
          };
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
