import { spikingLayers, weightedLayers, type Parameters, type Snn } from '@privatesnn/core';
import { arbitraryGraph } from '@privatesnn/testkit';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';

import type { SpikingEngine } from '../engine.js';
import { integrateAndFireOf } from '../neuron-checks.js';
import { createReferenceEngine } from '../reference/engine.js';
import { FastEngine } from './engine.js';
import { beyondKernels, numbersIn } from './plan.js';
import { compiledEngines } from './testing/compiled-engines.js';
import { expectAsReference } from './testing/engines-agree.js';
import { behindStem } from './testing/graph-behind-stem.js';
import {
  denseBlock,
  invertedResiduals,
  linearChain,
  linearRun,
} from './testing/linear-networks.js';
import { runsOf } from './testing/spiking-runs.js';

const reference = createReferenceEngine();

/** Any graph with linear layers that are not a part of an add. */
const linearGraph = behindStem(arbitraryGraph()).filter(
  (graph) => beyondKernels(graph) === undefined && numbersIn(graph) !== undefined,
);
const signedRuns = runsOf(linearGraph, true);
const binaryRuns = runsOf(linearGraph, false);

describe.each(compiledEngines)('linear layers, $implementation', ({ implementation }) => {
  const engines = [0, 1, 2].map((threads) => new FastEngine(implementation, threads));
  afterAll(() => Promise.all(engines.map((engine) => engine.close())));
  const anyEngine = fc.constantFrom(...engines);

  it('in any graph give what the reference engine gives', async () => {
    await fc.assert(
      fc.asyncProperty(signedRuns, anyEngine, async ({ snn, pixels, seed }, engine) => {
        const raster = spikingLayers(snn.architecture).map(({ name }) => name);
        const recordAt = Array.from({ length: snn.timeSteps }, (_, t) => t + 1);
        await expectAsReference(engine, { snn, pixels, seed, raster, recordAt });
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ['inverted residuals', invertedResiduals, 5, 2],
    ['more time-steps than are sorted at once', linearChain, 130, 2],
    ['a dense block', denseBlock, 5, 2],
  ] as const)(
    'in %s give what the reference engine gives',
    async (_, architecture, timeSteps, images) => {
      const run = linearRun(architecture, { timeSteps, images });
      const raster = spikingLayers(architecture).map(({ name }) => name);
      const expected = await reference.infer({ ...run, seed: 3, raster });
      expect(expected.activity.every(({ spikes }) => spikes > 0)).toBe(true);
      for (const engine of engines) {
        expect(engine.remark(run.snn, 'spikes')).toBeUndefined();
        expect(await engine.infer({ ...run, seed: 3, raster })).toEqual(expected);
      }
    },
  );

  it('are balanced as by the reference engine', async () => {
    await fc.assert(
      fc.asyncProperty(binaryRuns, anyEngine, async ({ snn, pixels, seed }, engine) => {
        const { architecture, parameters, encoder, timeSteps } = snn;
        const neuron = integrateAndFireOf(snn, 'balance');
        const request = {
          ...{ architecture, parameters, encoder, timeSteps, pixels, seed, scale: 1 },
          ...{ percentile: 100, scaleBiases: false, neuron: { ...neuron, leak: 1, initial: 0 } },
        };
        const [fast, slow] = [
          await engine.balanceThresholds(request),
          await reference.balanceThresholds(request),
        ];
        expect(fast.layers.map(({ layer }) => layer)).toEqual(
          slow.layers.map(({ layer }) => layer),
        );
        // Thresholds are exact; what they are subtracted from may not be, and a spike may move.
        expect(fast.layers[0]).toEqual(slow.layers[0]);
        slow.layers.forEach(({ current }, i) =>
          expect(Math.abs(fast.layers[i]!.current - current)).toBeLessThanOrEqual(
            0.05 * current + 1e-6,
          ),
        );
      }),
      { numRuns: 15 },
    );
  });

  it('are swept as by the reference engine, with other parameters of a linear layer too', async () => {
    await fc.assert(
      fc.asyncProperty(binaryRuns, anyEngine, async ({ snn, pixels, seed }, engine) => {
        const rates = async (one: SpikingEngine): Promise<unknown[]> => {
          const found: unknown[] = [];
          await one.sweepLayers({
            ...{ snn, pixels, seed },
            atLayer: async (layer, tried) => {
              found.push(layer, await tried(), await tried(shifted(snn)));
              found.push(await tried(snn.parameters));
            },
          });
          return found;
        };
        expect(await rates(engine)).toEqual(await rates(reference));
      }),
      { numRuns: 15 },
    );
  });
});

/** The network's parameters, of the biases of linear layers a quarter more. */
function shifted({ architecture, parameters }: Snn): Parameters {
  const changed = { ...parameters };
  for (const layer of weightedLayers(architecture)) {
    const bias = layer.linear && parameters[`${layer.name}.bias`];
    if (bias) changed[`${layer.name}.bias`] = { ...bias, data: bias.data.map((b) => b + 0.25) };
  }
  return changed;
}
