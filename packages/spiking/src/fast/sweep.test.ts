import {
  sourcesOf,
  spikingChannels,
  spikingLayers,
  type Parameters,
  type Snn,
} from '@privatesnn/core';
import { arbitraryGraph, arbitraryPixels, arbitrarySnnOf } from '@privatesnn/testkit';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';

import type { SpikingEngine } from '../engine.js';
import { createReferenceEngine } from '../reference/engine.js';
import { FastEngine } from './engine.js';
import { residualNetwork } from './testing/residual-network.js';

const reference = createReferenceEngine();
const engine = new FastEngine('wasm', 2);
afterAll(() => engine.close());

const runs = fc
  .oneof(
    residualNetwork,
    arbitraryGraph().filter((architecture) => spikingLayers(architecture).length > 0),
  )
  .chain((architecture) =>
    arbitrarySnnOf(architecture, { maxTimeSteps: 6, signed: true, probes: true, potentials: true }),
  )
  .chain((snn) =>
    fc.record({
      snn: fc.constant(snn),
      pixels: arbitraryPixels(snn.architecture, snn.encoder.range, 3),
      seed: fc.nat(2 ** 32 - 1),
      // By layer: what its parameters are multiplied with, or what its neurons start from, try after try.
      tries: fc.array(
        fc.array(
          fc.record({
            factor: fc.constantFrom(0.5, 1.5, -1, undefined),
            start: fc.constantFrom(-0.5, 1.25, undefined),
          }),
          { maxLength: 3 },
        ),
        { minLength: 1, maxLength: 5 },
      ),
    }),
  );

/** The parameters with those of a layer, or of the linear layers that an add takes, times a factor. */
function times({ architecture, parameters }: Snn, name: string, factor: number): Parameters {
  const { layers } = architecture;
  const place = layers.findIndex((layer) => layer.name === name);
  const own = [name, ...sourcesOf(architecture)[place]!.map((from) => layers[from]?.name)];
  const isAdd = layers[place]!.kind === 'add';
  return Object.fromEntries(
    Object.entries(parameters).map(([key, tensor]) => {
      const [, layer] = /^(.*)\.\w+$/.exec(key)!;
      const isLinear = layers.some((one) => one.name === layer && 'linear' in one && one.linear);
      const belongs = isAdd ? isLinear && own.includes(layer) : layer === name;
      return [key, belongs ? { ...tensor, data: tensor.data.map((x) => x * factor) } : tensor];
    }),
  );
}

/** All rates that a sweep gives, and the network that it ends with. */
async function swept(
  by: SpikingEngine,
  {
    snn: given,
    pixels,
    seed,
    tries,
  }: {
    snn: Snn;
    pixels: Float32Array;
    seed: number;
    tries: { factor: number | undefined; start: number | undefined }[][];
  },
) {
  let snn = given;
  const rates: [string, ...number[]][] = [];
  let layer = 0;
  await by.sweepLayers({
    ...{ snn, pixels, seed },
    async atLayer(name, compute) {
      const channels = spikingChannels(snn.architecture).get(name)!;
      for (const { factor, start } of tries[layer++ % tries.length]!) {
        const starts = Array.from({ length: channels }, (_, c) => start! + c / 4);
        const tried = {
          ...(factor === undefined ? {} : { parameters: times(snn, name, factor) }),
          ...(start === undefined
            ? {}
            : { initialPotentials: { ...snn.initialPotentials, [name]: starts } }),
        };
        snn = { ...snn, ...tried };
        rates.push([name, ...(await compute(tried))]);
      }
      if (layer % 2 === 0) rates.push([name, ...(await compute())]);
    },
  });
  return { rates, snn };
}

it('gives the rates that the reference engine gives, whatever is tried', async () => {
  await fc.assert(
    fc.asyncProperty(runs, async (run) => {
      const fast = await swept(engine, run);
      expect(fast.rates).toEqual((await swept(reference, run)).rates);
    }),
    { numRuns: 60 },
  );
});

it('ends with the rates that the network has, with what was tried last', async () => {
  await fc.assert(
    fc.asyncProperty(runs, async (run) => {
      const { snn, rates } = await swept(engine, run);
      const names = spikingLayers(snn.architecture).map(({ name }) => name);
      const { activity } = await engine.infer({ ...run, snn, raster: names });
      const [height, width, channels] = snn.architecture.inputShape;
      const images = run.pixels.length / (height * width * channels);
      const last = new Map(rates.map(([name, ...found]) => [name, found]));
      for (const [name, found] of last) {
        const { neurons, spikes, negative = 0 } = activity.find(({ layer }) => layer === name)!;
        const mean = found.reduce((a, b) => a + b, 0) / found.length;
        expect(mean * images * neurons * snn.timeSteps).toBeCloseTo(spikes - 2 * negative, 6);
      }
    }),
    { numRuns: 60 },
  );
});
