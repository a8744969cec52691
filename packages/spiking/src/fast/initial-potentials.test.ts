import { spikingChannels, type IntegrateAndFire, type Snn } from '@privatesnn/core';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';

import { createEngine, engineInfo } from '../create-engine.js';
import type { SpikingEngine } from '../engine.js';
import { integrateAndFireOf } from '../neuron-checks.js';
import { createReferenceEngine } from '../reference/engine.js';
import { compiledEngines } from './testing/compiled-engines.js';
import { networkCase } from './testing/random-network.js';
import { wideImages, wideNetwork, wideRequest } from './testing/wide-network.js';

const reference = createReferenceEngine();

/** A number for each channel of every spiking layer. */
function potentials(snn: Snn, of: (channel: number) => number): Record<string, number[]> {
  const layers = [...spikingChannels(snn.architecture)];
  return Object.fromEntries(
    layers.map(([name, channels]) => [name, Array.from({ length: channels }, (_, c) => of(c))]),
  );
}

const kinds: Record<string, Partial<IntegrateAndFire>> = {
  binary: {},
  leaky: { leak: 0.5, reset: 'delayed-soft' },
  signed: { signed: true },
  probing: { probeSteps: 3 },
};

describe.each(compiledEngines)(
  'initial potentials of channels, by the $implementation engine',
  ({ implementation }) => {
    let engine: SpikingEngine | undefined;
    const get = async (): Promise<SpikingEngine> =>
      (engine ??= await createEngine({ implementation, threads: 2 }));
    afterAll(() => engine?.close());

    // Several blocks of channels, several images together, and more time-steps than are sorted at once.
    it.each(
      Object.keys(kinds).flatMap((kind) =>
        (['float', 'integer'] as const).flatMap((precision) =>
          [4, 131].map((timeSteps) => ({ kind, precision, timeSteps })),
        ),
      ),
    )('let neurons spike as in the reference: %o', async ({ kind, precision, timeSteps }) => {
      const neuron: IntegrateAndFire = {
        ...{ kind: 'integrate-and-fire', leak: 1, reset: 'soft', firing: 'strict', initial: 0.5 },
        ...kinds[kind],
      };
      const plain = wideNetwork(timeSteps, neuron);
      const initialPotentials = potentials(plain, (c) => ((c * 7) % 13) / 4 - 1);
      const snn = { ...plain, initialPotentials };
      const request = wideRequest(snn, precision);
      const found = await (await get()).infer(request);
      expect(found).toEqual(await reference.infer(request));
      const without = await (await get()).infer({ ...request, snn: plain });
      expect(found.potentials).not.toEqual(without.potentials);
    });
  },
);

describe.each(engineInfo().filter(({ available }) => available))(
  'equal initial potentials of all channels, by the $implementation engine',
  ({ implementation }) => {
    let engine: SpikingEngine | undefined;
    const get = async (): Promise<SpikingEngine> =>
      (engine ??= await createEngine({ implementation, threads: 1 }));
    afterAll(() => engine?.close());
    const encoders = ['poisson', 'constant', 'first-spike'] as const;
    const v = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    /** The network with v for all layers, and with v for each channel. */
    const both = (snn: Snn, initial: number) => [
      { ...snn, neuron: { ...integrateAndFireOf(snn, 'test'), initial } },
      { ...snn, initialPotentials: potentials(snn, () => initial) },
    ];

    it('are the bits of that one number', async () => {
      const networks = networkCase({ encoders, dropout: false, signed: true, probes: true });
      const precisions = fc.constantFrom('float' as const, 'integer' as const);
      await fc.assert(
        fc.asyncProperty(networks, v, precisions, async ({ snn, ...run }, initial, precision) => {
          const raster = Object.keys(snn.thresholds);
          const [one, each] = await Promise.all(
            both(snn, initial).map(async (network) =>
              (await get()).infer({ ...run, snn: network, raster, precision }),
            ),
          );
          expect(each).toEqual(one);
        }),
        { numRuns: 40 },
      );
    });

    it('have its gradients', async () => {
      const surrogate = { kind: 'triangle' as const, gamma: 1, divideByTheta: false };
      const training = {
        ...{ surrogate, detachReset: false, dropout: true },
        loss: (logits: Float32Array) => ({ value: 0, gradient: logits }),
        wanted: { parameters: true, thresholds: true, input: true },
      };
      await fc.assert(
        fc.asyncProperty(networkCase({ encoders, dropout: true }), v, async (network, initial) => {
          const { snn, ...run } = network;
          const [one, each] = await Promise.all(
            both(snn, initial).map(async (changed) =>
              (await get()).gradients({ ...run, ...training, snn: changed }),
            ),
          );
          expect(each).toEqual(one);
        }),
        { numRuns: 20 },
      );
    });

    it.each<[string, Record<string, number[]>, RegExp]>([
      ['layer', { none: [0] }, /initialPotentials.none: .* expected stem, a, sum, hidden/],
      ['number of them', { a: [0, 1] }, /initialPotentials.a: Expected 40, .* received 2/],
      ['number', { a: new Array<number>(40).fill(Infinity) }, /finite numbers, received Infinity/],
    ])('are refused where there is no such %s', async (_, initialPotentials, message) => {
      const neuron: IntegrateAndFire = {
        ...{ kind: 'integrate-and-fire', leak: 1, reset: 'soft', firing: 'strict', initial: 0 },
      };
      const snn = { ...wideNetwork(2, neuron), initialPotentials };
      await expect((await get()).infer({ snn, pixels: wideImages, seed: 0 })).rejects.toThrow(
        expect.objectContaining({
          code: 'ENGINE_INITIAL',
          message: expect.stringMatching(message) as string,
        }) as Error,
      );
    });
  },
);
