import type { IntegrateAndFire, Layer, Snn } from '@privatesnn/core';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';

import { createEngine, engineInfo } from '../create-engine.js';
import type { Inference, SpikingEngine } from '../engine.js';
import { createReferenceEngine } from '../reference/engine.js';
import { compiledEngines } from './testing/compiled-engines.js';
import { residualRun } from './testing/residual-network.js';
import { wideNetwork, wideRequest } from './testing/wide-network.js';

const reference = createReferenceEngine();
const signed: IntegrateAndFire = {
  ...{ kind: 'integrate-and-fire', leak: 1, reset: 'soft', firing: 'strict' },
  ...{ initial: 0.5, signed: true },
};

const negativeOf = ({ activity }: Inference): number =>
  activity.reduce((sum, { negative = 0 }) => sum + negative, 0);

const wide = (timeSteps: number): Snn => wideNetwork(timeSteps, signed);

describe.each(compiledEngines)(
  'signed neurons of the $implementation engine',
  ({ implementation }) => {
    let engine: SpikingEngine | undefined;
    const get = async (): Promise<SpikingEngine> =>
      (engine ??= await createEngine({ implementation, threads: 2 }));
    afterAll(() => engine?.close());

    // Several images together, and more time-steps than are sorted at once.
    it.each([
      ['float', 4],
      ['float', 131],
      ['integer', 4],
      ['integer', 131],
    ] as const)('spike as the reference does, in numbers of kind %s, T = %d', async (...run) => {
      const [precision, timeSteps] = run;
      const snn = wide(timeSteps);
      const request = wideRequest(snn, precision);
      const found = await (await get()).infer(request);
      expect(found).toEqual(await reference.infer(request));
      for (const { layer, negative } of found.activity) {
        if (layer !== 'input') expect(negative).toBeGreaterThan(0);
      }
      const bytes = Object.values(found.raster).reduce(
        (sum, spikes) => sum + spikes.filter((byte) => byte === 255).length,
        0,
      );
      expect(negativeOf(found)).toBe(bytes);
    });

    it('give the bits of binary ones where nothing is taken back', async () => {
      let compared = 0;
      await fc.assert(
        fc.asyncProperty(residualRun, async ({ snn, pixels, seed }) => {
          fc.pre(snn.neuron.kind === 'integrate-and-fire' && snn.neuron.signed === true);
          // Weights without a sign: no current is negative.
          const parameters = Object.fromEntries(
            Object.entries(snn.parameters).map(([name, { shape, data }]) => [
              name,
              { shape, data: data.map(Math.abs) },
            ]),
          );
          const { signed: _, ...binary } = snn.neuron;
          const images = pixels.map(Math.abs);
          for (const precision of ['float', 'integer'] as const) {
            const request = { pixels: images, seed, precision };
            const engine = await get();
            const found = await engine.infer({ ...request, snn: { ...snn, parameters } });
            const plain = await engine.infer({
              ...request,
              snn: { ...snn, parameters, neuron: binary },
            });
            expect(negativeOf(found)).toBe(0);
            expect(found.potentials).toEqual(plain.potentials);
            expect(found.operations).toEqual(plain.operations);
            compared++;
          }
        }),
        { numRuns: 30 },
      );
      expect(compared).toBeGreaterThan(20);
    });
  },
);

describe.each(engineInfo().filter(({ available }) => available))(
  'what signed neurons cannot be part of, by the $implementation engine',
  ({ implementation }) => {
    const engine = createEngine({ implementation, threads: 1 });
    afterAll(async () => (await engine).close());
    const pixels = new Float32Array(32).fill(0.5);
    const pooled = (gated: boolean): Snn => {
      const snn = wide(2);
      const layers = snn.architecture.layers.map((layer): Layer =>
        layer.name === 'mean'
          ? { kind: 'max-pool', name: 'largest', size: 2, ...(gated ? { gated } : {}) }
          : layer.name === 'sum'
            ? ({ ...layer, from: ['largest', 'b'] } as Layer)
            : layer,
      );
      return { ...snn, architecture: { ...snn.architecture, layers } };
    };

    it.each([false, true])('max-pooling of spikes, gated: %s', async (gated) => {
      const request = { snn: pooled(gated), pixels, seed: 0 };
      const error = expect.objectContaining({
        code: 'SIGNED_MAX_POOLING',
        message: expect.stringContaining('"largest"') as string,
        hint: expect.stringContaining('maxPooling: currents') as string,
      }) as Error;
      const by = await engine;
      await expect(by.infer(request)).rejects.toThrow(error);
      await expect(by.infer({ ...request, precision: 'integer' })).rejects.toThrow(error);
      await expect(
        by.balanceThresholds({ ...request.snn, ...request, scale: 1, percentile: 100 }),
      ).rejects.toThrow(error);
      await expect(
        by.sweepLayers({ ...request, atLayer: () => Promise.resolve() }),
      ).rejects.toThrow(error);
    });

    it.each([
      ['a leak', { leak: 0.5 }],
      ['a hard reset', { reset: 'hard' }],
      ['a delayed reset', { reset: 'delayed-soft' }],
    ] as const)('%s', async (_, changed) => {
      const snn = { ...wide(2), neuron: { ...signed, ...changed } };
      await expect((await engine).infer({ snn, pixels, seed: 0 })).rejects.toThrow(
        expect.objectContaining({
          code: 'SIGNED_NEURON',
          hint: expect.stringContaining('spikes: binary') as string,
        }) as Error,
      );
    });

    it('gradients', async () => {
      const training = {
        ...{ snn: wide(2), pixels, seed: 0, detachReset: false, dropout: false },
        surrogate: { kind: 'triangle' as const, gamma: 1, divideByTheta: false },
        loss: (logits: Float32Array) => ({ value: 0, gradient: logits }),
        wanted: { parameters: true, thresholds: true, input: true },
      };
      await expect((await engine).gradients(training)).rejects.toThrow(
        expect.objectContaining({
          code: 'SIGNED_NEURON',
          message: expect.stringContaining('take gradients of a network of signed') as string,
        }) as Error,
      );
    });
  },
);
