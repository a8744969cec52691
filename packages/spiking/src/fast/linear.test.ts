import { isDeepStrictEqual } from 'node:util';

import { sourcesOf, spikingLayers, type Parameters, type Snn } from '@privatesnn/core';
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
  linearPast,
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

  it('are swept as by the reference engine, with other parameters too', async () => {
    await fc.assert(
      fc.asyncProperty(binaryRuns, anyEngine, async (run, engine) => {
        expect(await triedRates(engine, run)).toEqual(await triedRates(reference, run));
      }),
      { numRuns: 15 },
    );
  });

  it.each([invertedResiduals, linearChain, linearPast, denseBlock])(
    'of $name are swept as by the reference engine, with other parameters too',
    async (architecture) => {
      const run = { ...linearRun(architecture), seed: 3 };
      const expected = await triedRates(reference, run);
      // Other biases must matter, or nothing is tested.
      expect(expected.some(([, as, shifted]) => !isDeepStrictEqual(as, shifted))).toBe(true);
      for (const engine of engines) expect(await triedRates(engine, run)).toEqual(expected);
    },
  );
});

/** By layer: its name, its rates, those with other biases, and once more its own. */
async function triedRates(
  engine: SpikingEngine,
  { snn, ...images }: { readonly snn: Snn; readonly pixels: Float32Array; readonly seed: number },
): Promise<(readonly [string, Float64Array, Float64Array, Float64Array])[]> {
  const found: (readonly [string, Float64Array, Float64Array, Float64Array])[] = [];
  await engine.sweepLayers({
    ...{ snn, ...images },
    atLayer: async (layer, tried) => {
      found.push([
        layer,
        await tried(),
        await tried({ parameters: shifted(snn, layer) }),
        await tried({ parameters: snn.parameters }),
      ]);
    },
  });
  return found;
}

/** The network's parameters, of the biases of a layer, or of the linear ones that it alone takes, a quarter more. */
function shifted({ architecture, parameters }: Snn, name: string): Parameters {
  const changed = { ...parameters };
  const sources = sourcesOf(architecture);
  const { layers } = architecture;
  const index = layers.findIndex((layer) => layer.name === name);
  const isOwn = (place: number): boolean => {
    const layer = layers[place];
    if (!layer || !('linear' in layer && layer.linear)) return false;
    return sources.every((taken, taker) => taker === index || !taken.includes(place));
  };
  for (const place of [index, ...sources[index]!.filter(isOwn)]) {
    const bias = `${layers[place]?.name}.bias`;
    const given = changed[bias];
    if (given) changed[bias] = { ...given, data: given.data.map((b) => b + 0.25) };
  }
  return changed;
}
