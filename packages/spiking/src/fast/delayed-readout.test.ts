import { spikingLayers, type Snn } from '@privatesnn/core';
import fc, { type Arbitrary } from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';

import { createEngine, engineInfo } from '../create-engine.js';
import type { SpikingEngine } from '../engine.js';
import { integerLayers } from '../integer.js';
import { createReferenceEngine } from '../reference/engine.js';
import { linearChain } from './testing/linear-networks.js';
import { networkCase } from './testing/random-network.js';
import { residualRun } from './testing/residual-network.js';
import { runsOf } from './testing/spiking-runs.js';

const reference = createReferenceEngine();
const encoders = ['poisson', 'constant', 'first-spike'] as const;
const chains = networkCase({ encoders, dropout: false, signed: true, probes: true });
const currents = runsOf(fc.constant(linearChain), false);

interface Run {
  readonly snn: Snn;
  readonly pixels: Float32Array;
  readonly seed: number;
}

/** The runs of two time-steps or more, with how many of them the read-out leaves out. */
const withAfter = (runs: Arbitrary<Run>) =>
  runs
    .filter(({ snn }) => snn.timeSteps > 1)
    .chain((run) => fc.tuple(fc.constant(run), fc.integer({ min: 1, max: run.snn.timeSteps - 1 })));

const beginningAfter = (snn: Snn, after: number): Snn => ({
  ...snn,
  readout: { ...snn.readout, after },
});

describe.each(engineInfo().filter(({ available }) => available))(
  'a read-out of the $implementation engine that leaves out the first time-steps',
  ({ implementation }) => {
    let engine: SpikingEngine | undefined;
    const get = async (): Promise<SpikingEngine> =>
      (engine ??= await createEngine({ implementation, threads: 2 }));
    afterAll(() => engine?.close());

    /** Inferences with the sums from the first time-step on, and with those after `after`, at every step behind. */
    async function both({ snn, pixels, seed }: Run, after: number, precision: 'float' | 'integer') {
      const steps = Array.from({ length: snn.timeSteps }, (_, t) => t + 1);
      const raster = spikingLayers(snn.architecture).map(({ name }) => name);
      const request = { pixels, seed, precision, raster };
      const by = await get();
      const whole = await by.infer({ ...request, snn, recordAt: steps.slice(after - 1) });
      const late = {
        ...{ ...request, snn: beginningAfter(snn, after) },
        recordAt: steps.slice(after),
      };
      const read = await by.infer(late);
      expect(read).toEqual(await reference.infer(late));
      const { potentials: _, ...counts } = read;
      expect(whole).toMatchObject(counts);
      const { classes } = snn.architecture;
      const images = read.potentials.length / (classes * late.recordAt.length);
      /** The potential without what was there after `after` time-steps, of the same image and class. */
      const without = Array.from(read.potentials, (_, at) => {
        const image = Math.floor((at * images) / read.potentials.length);
        const first = image * (late.recordAt.length + 1) * classes;
        return [
          whole.potentials[at + (image + 1) * classes]!,
          whole.potentials[first + (at % classes)]!,
        ];
      });
      return { read: read.potentials, without };
    }

    it.each([
      ['chains', chains],
      ['residual networks', residualRun],
      ['networks whose last layer takes currents, too', currents],
    ] as const)('sums what all sum but the first, of %s', async (_, runs) => {
      await fc.assert(
        fc.asyncProperty(withAfter(runs), async ([run, after]) => {
          const { read, without } = await both(run, after, 'float');
          without.forEach(([all, first], i) => expect(read[i]).toBeCloseTo(all! - first!, 4));
        }),
        { numRuns: 30 },
      );
    });

    it('is exact in integers', async () => {
      await fc.assert(
        fc.asyncProperty(withAfter(chains), async ([run, after]) => {
          const { unit } = integerLayers(run.snn, run.snn.timeSteps).at(-1)!;
          const { read, without } = await both(run, after, 'integer');
          const units = (potential: number) => Math.round(potential / unit);
          without.forEach(([all, first], i) =>
            expect(units(read[i]!) - (units(all!) - units(first!))).toBe(0),
          );
        }),
        { numRuns: 30 },
      );
    });

    it('reads nothing where nothing is left, or while it is left out', async () => {
      const { snn: any, pixels, seed } = fc.sample(chains, { seed: 1, numRuns: 1 })[0]!;
      const snn = beginningAfter({ ...any, timeSteps: 5 }, 4);
      const by = await get();
      await expect(by.infer({ snn, pixels, seed, timeSteps: 4 })).rejects.toMatchObject({
        code: 'ENGINE_READ_AFTER',
        message: 'Expected a read-out after fewer time-steps than T = 4, received one after 4.',
      });
      await expect(by.infer({ snn, pixels, seed, recordAt: [4, 5] })).rejects.toMatchObject({
        code: 'ENGINE_RECORD_AT',
        message: expect.stringContaining('from 5 to 5') as string,
      });
    });

    it('has no gradients', async () => {
      const { snn: any, pixels, seed } = fc.sample(chains, { seed: 1, numRuns: 1 })[0]!;
      const neuron: Snn['neuron'] = {
        ...{ kind: 'integrate-and-fire', leak: 1, reset: 'soft', firing: 'strict', initial: 0 },
      };
      const training = {
        ...{ snn: beginningAfter({ ...any, neuron, timeSteps: 2 }, 1), pixels, seed },
        ...{ detachReset: false, dropout: false },
        surrogate: { kind: 'triangle' as const, gamma: 1, divideByTheta: false },
        loss: (logits: Float32Array) => ({ value: 0, gradient: logits }),
        wanted: { parameters: true, thresholds: true, input: true },
      };
      await expect((await get()).gradients(training)).rejects.toMatchObject({
        code: 'DELAYED_READOUT',
        message: expect.stringContaining('leaves out the first 1') as string,
      });
    });
  },
);
