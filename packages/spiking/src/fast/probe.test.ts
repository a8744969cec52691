import type { IntegrateAndFire } from '@privatesnn/core';
import { afterAll, describe, expect, it } from 'vitest';

import { createEngine, engineInfo } from '../create-engine.js';
import type { SpikingEngine } from '../engine.js';
import { createReferenceEngine } from '../reference/engine.js';
import { compiledEngines } from './testing/compiled-engines.js';
import { wideImages, wideNetwork, wideRequest } from './testing/wide-network.js';

const reference = createReferenceEngine();
const probing = (probeSteps: number): IntegrateAndFire => ({
  ...{ kind: 'integrate-and-fire', leak: 1, reset: 'soft', firing: 'strict' },
  ...{ initial: 0.5, probeSteps },
});

describe.each(compiledEngines)(
  'neurons with a probe of the $implementation engine',
  ({ implementation }) => {
    let engine: SpikingEngine | undefined;
    const get = async (): Promise<SpikingEngine> =>
      (engine ??= await createEngine({ implementation, threads: 2 }));
    afterAll(() => engine?.close());

    // Several images together, and more time-steps than are sorted at once: probes that go back behind those.
    it.each(
      (['float', 'integer'] as const).flatMap((precision) => [
        { precision, timeSteps: 4, probeSteps: 3 },
        { precision, timeSteps: 131, probeSteps: 131 },
      ]),
    )('spike as the reference does: %o', async ({ precision, timeSteps, probeSteps }) => {
      const snn = wideNetwork(timeSteps, probing(probeSteps));
      const request = wideRequest(snn, precision);
      const by = await get();
      const found = await by.infer(request);
      expect(found).toEqual(await reference.infer(request));
      const { probeSteps: _, ...neuron } = probing(probeSteps);
      const plain = await by.infer({ ...request, snn: { ...snn, neuron } });
      expect(found.potentials).not.toEqual(plain.potentials);
    });
  },
);

describe.each(engineInfo().filter(({ available }) => available))(
  'what neurons with a probe cannot be part of, by the $implementation engine',
  ({ implementation }) => {
    const engine = createEngine({ implementation, threads: 1 });
    afterAll(async () => (await engine).close());

    it.each([
      ['a leak', { leak: 0.5 }, 'PROBING_NEURON', 'leak: 1'],
      ['a hard reset', { reset: 'hard' }, 'PROBING_NEURON', 'reset: soft'],
      ['a delayed reset', { reset: 'delayed-soft' }, 'PROBING_NEURON', 'reset: soft'],
      ['signed spikes', { signed: true }, 'PROBING_NEURON', 'spikes: binary'],
      ['fewer time-steps', { probeSteps: 3 }, 'ENGINE_PROBE', 'as many time-steps'],
    ] as const)('%s', async (_, changed, code, hint) => {
      const snn = wideNetwork(2, { ...probing(2), ...changed });
      await expect((await engine).infer({ snn, pixels: wideImages, seed: 0 })).rejects.toThrow(
        expect.objectContaining({ code, hint: expect.stringContaining(hint) as string }) as Error,
      );
    });

    it('gradients', async () => {
      const training = {
        ...{
          snn: wideNetwork(2, probing(1)),
          pixels: wideImages,
          seed: 0,
          detachReset: false,
          dropout: false,
        },
        surrogate: { kind: 'triangle' as const, gamma: 1, divideByTheta: false },
        loss: (logits: Float32Array) => ({ value: 0, gradient: logits }),
        wanted: { parameters: true, thresholds: true, input: true },
      };
      await expect((await engine).gradients(training)).rejects.toThrow(
        expect.objectContaining({
          code: 'PROBING_NEURON',
          message: expect.stringContaining('take gradients of a network') as string,
        }) as Error,
      );
    });
  },
);
