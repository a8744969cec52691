import type { Snn } from '@privatesnn/core';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';

import { integrateAndFireOf } from '../neuron-checks.js';
import { createEngine } from '../create-engine.js';
import type { SpikingEngine } from '../engine.js';
import { createReferenceEngine } from '../reference/engine.js';
import { compiledEngines } from './testing/compiled-engines.js';
import { expectClose } from './testing/expect-close.js';
import { networkCase } from './testing/random-network.js';

const reference = createReferenceEngine();

describe.each(compiledEngines)('$implementation engine', ({ implementation }) => {
  let engine: SpikingEngine | undefined;
  const get = async (): Promise<SpikingEngine> =>
    (engine ??= await createEngine({ implementation, threads: 2 }));
  afterAll(() => engine?.close());

  const kinds = { encoders: ['poisson', 'constant', 'first-spike'], dropout: true } as const;
  const anyNetwork = networkCase({ ...kinds, signed: true, probes: true, potentials: true });
  const trainable = fc.oneof(
    networkCase({ ...kinds, potentials: true }),
    networkCase({ ...kinds, tiled: true }),
  );

  it('infers what the reference does, spike by spike', async () => {
    await fc.assert(
      fc.asyncProperty(anyNetwork, async ({ snn, pixels, seed, firstImage }) => {
        const raster = ['input', ...Object.keys(snn.thresholds)];
        const recordAt = [...new Set([1, Math.ceil(snn.timeSteps / 2), snn.timeSteps])];
        const request = { snn, pixels, seed, firstImage, raster, recordAt };
        const expected = await reference.infer(request);
        const actual = await (await get()).infer(request);
        expect(actual.activity).toEqual(expected.activity);
        for (const layer of raster) expect(actual.raster[layer]).toEqual(expected.raster[layer]);
        expectClose(actual.potentials, expected.potentials);
      }),
      { numRuns: 60 },
    );
  });

  it('infers in integers what the reference does, to the bit', async () => {
    await fc.assert(
      fc.asyncProperty(anyNetwork, async ({ snn, pixels, seed, firstImage }) => {
        const raster = ['input', ...Object.keys(snn.thresholds)];
        const recordAt = [...new Set([1, snn.timeSteps])];
        // Weights of many bits, and a leak that rounds.
        const parameters = Object.fromEntries(
          Object.entries(snn.parameters).map(([name, { shape, data }]) => [
            name,
            { shape, data: data.map((x, i) => x * (1 + Math.sin(i + 1) / 7)) },
          ]),
        );
        const own = integrateAndFireOf(snn, 'test');
        const neuron = { ...own, leak: own.leak === 1 ? 1 : 0.77 };
        const request = {
          pixels,
          seed,
          firstImage,
          raster,
          recordAt,
          precision: 'integer' as const,
        };
        const changed = { ...request, snn: { ...snn, parameters, neuron } };
        expect(await (await get()).infer(changed)).toEqual(await reference.infer(changed));
      }),
      { numRuns: 60 },
    );
  });

  // Taps of one pixel and of a row, bursts longer than are sorted, and more time-steps than a period (kernels/bursts.h).
  it.each([
    [130, 0.05],
    [130, 1],
    [24, 0.3],
  ])('sums the spikes of %d channels, %d of which spike', async (outputs, pixel) => {
    const noise = (i: number) => Math.round(8 * Math.sin(i * i + 1)) / 8;
    const filled = (...shape: number[]) => {
      const size = shape.reduce((a, b) => a * b);
      return { shape, data: Float32Array.from({ length: size }, (_, i) => noise(i)) };
    };
    const snn: Snn = {
      type: 'snn',
      architecture: {
        name: 'wide',
        inputShape: [4, 4, outputs],
        classes: 3,
        layers: [
          {
            kind: 'conv',
            name: 'conv',
            inChannels: outputs,
            outChannels: outputs,
            kernel: 3,
            stride: 1,
            padding: 1,
            bias: false,
          },
          { kind: 'flatten' },
          { kind: 'dense', name: 'output', inputs: 16 * outputs, outputs: 3, bias: false },
        ],
      },
      parameters: {
        'conv.weight': filled(3, 3, outputs, outputs),
        'output.weight': filled(16 * outputs, 3),
      },
      thresholds: { conv: 16 },
      neuron: { kind: 'integrate-and-fire', leak: 1, reset: 'soft', firing: 'strict', initial: 0 },
      encoder: { kind: 'poisson', range: [-1, 1] },
      readout: { kind: 'sum', scale: 1 },
      timeSteps: 131,
      classNames: ['a', 'b', 'c'],
    };
    const pixels = new Float32Array(16 * outputs).fill(pixel);
    for (const precision of ['float', 'integer'] as const) {
      const request = { snn, pixels, seed: 3, raster: ['conv'], precision };
      expect(await (await get()).infer(request)).toEqual(await reference.infer(request));
    }
  });

  it('balances thresholds as the reference does', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyNetwork,
        fc.constantFrom(0.5, 1),
        async ({ snn, pixels, seed, firstImage }, scale) => {
          const request = { ...snn, pixels, seed, firstImage, scale, percentile: 100 };
          const expected = await reference.balanceThresholds(request);
          const actual = await (await get()).balanceThresholds(request);
          expect(actual).toEqual(expected);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('scales biases as the reference does', async () => {
    await fc.assert(
      fc.asyncProperty(anyNetwork, async ({ snn, pixels, seed }) => {
        const request = { ...snn, pixels, seed, scale: 1, percentile: 100, scaleBiases: true };
        const expected = await reference.balanceThresholds(request);
        const actual = await (await get()).balanceThresholds(request);
        // Scaled biases have many bits: further on, rounding decides on single spikes.
        expectClose(
          actual.layers.slice(0, 2).map(({ current }) => current),
          expected.layers.slice(0, 2).map(({ current }) => current),
        );
      }),
      { numRuns: 40 },
    );
  });

  it('finds the same percentiles of the currents as the reference, to the bit', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyNetwork,
        fc.oneof(
          fc.constantFrom(50, 90, 99, 99.9, 99.99),
          fc.double({ min: 0.01, max: 99.99, noNaN: true }),
        ),
        fc.constantFrom(0.5, 1),
        async ({ snn, pixels, seed, firstImage }, percentile, scale) => {
          const request = { ...snn, pixels, seed, firstImage, scale, percentile };
          const expected = await reference.balanceThresholds(request);
          const actual = await (await get()).balanceThresholds(request);
          expect(actual).toEqual(expected);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('gives the gradients of the reference', async () => {
    await fc.assert(
      fc.asyncProperty(
        trainable,
        fc.constantFrom(
          'triangle' as const,
          'rectangle' as const,
          'exponential' as const,
          'spike-time' as const,
          'spike-train' as const,
        ),
        fc.constantFrom(1, 2, 0.7),
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        async (network, kind, width, divideByTheta, detachReset, dropout) => {
          const request = {
            ...network,
            surrogate: { kind, width, gamma: 0.5, divideByTheta, beta: 0.002 },
            detachReset,
            dropout,
            loss: (logits: Float32Array, image: number) => ({
              value: logits.reduce((a, b) => a + b, image),
              gradient: logits.map((_, i) => (i + image) / 4 - 0.5),
            }),
            wanted: { parameters: true, thresholds: true, input: true },
          };
          const expected = await reference.gradients(request);
          const actual = await (await get()).gradients(request);
          expectClose(actual.logits, expected.logits);
          expect(actual.loss).toBeCloseTo(expected.loss, 4);
          expect(actual.activity).toEqual(expected.activity);
          expect(Object.keys(actual.parameters)).toEqual(Object.keys(expected.parameters));
          for (const [name, gradient] of Object.entries(expected.parameters)) {
            expectClose(actual.parameters[name]!, gradient, name);
          }
          expectClose(Object.values(actual.thresholds), Object.values(expected.thresholds));
          expectClose(actual.input!, expected.input!, 'input');
        },
      ),
      { numRuns: 100 },
    );
  });

  it('gives the gradients of the reference over many time-steps', async () => {
    await fc.assert(
      fc.asyncProperty(trainable, async (network) => {
        // Without leak all sums stay exact, so that no spike differs.
        const neuron = { ...integrateAndFireOf(network.snn, 'test'), leak: 1 };
        const request = {
          ...network,
          snn: { ...network.snn, neuron, timeSteps: 150 },
          surrogate: { kind: 'triangle' as const, gamma: 0.5, divideByTheta: false },
          detachReset: true,
          dropout: false,
          loss: (logits: Float32Array) => ({ value: 0, gradient: logits.map((_, i) => i - 0.5) }),
          wanted: { parameters: true, thresholds: false, input: false },
        };
        const expected = await reference.gradients(request);
        const actual = await (await get()).gradients(request);
        for (const [name, gradient] of Object.entries(expected.parameters)) {
          expectClose(actual.parameters[name]!, gradient, name);
        }
      }),
      { numRuns: 10 },
    );
  });
});
