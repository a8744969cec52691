import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { weightedLayers, type Architecture, type Parameters } from '@privatesnn/core';
import { arbitrarySnnRun } from '@privatesnn/testkit';

import { integrateAndFireOf } from '../neuron-checks.js';
import { encode } from '../encoder.js';
import type { BalanceRequest } from '../engine.js';
import { initialState, neuronStep } from '../neuron.js';
import { toRates } from '../units.js';
import { createReferenceEngine } from './engine.js';
import { balanceRequest } from './testing/balance-request.js';

const engine = createReferenceEngine();

/** Two or three dense layers. */
const denseRequests = balanceRequest({ maxSize: 3 }).map((request): BalanceRequest => {
  const keep = request.architecture.layers.filter(({ kind }) => kind === 'dense');
  return { ...request, architecture: { ...request.architecture, layers: keep } };
});

/**
 * The largest input current of one layer, found by simulating the whole network from its input, time-step by
 * time-step, with the given thresholds of the layers before.
 */
function largestCurrent(
  request: BalanceRequest,
  depth: number,
  thresholds: Readonly<Record<string, number>>,
): number {
  const { architecture, parameters, encoder, pixels, seed, timeSteps } = request;
  const neuron = integrateAndFireOf(request, 'test');
  const layers = weightedLayers(architecture);
  const size = architecture.inputShape.reduce((a, b) => a * b, 1);
  let largest = 0;
  for (let image = 0; image < pixels.length / size; image++) {
    const one = pixels.subarray(image * size, (image + 1) * size);
    const input = encode(encoder.kind, one, { seed, image, timeSteps });
    const states = layers.map(({ name }) =>
      initialState(outputs(parameters, name), {
        initial: [neuron.initial],
        threshold: thresholds[name] ?? Infinity,
      }),
    );
    for (const spikes of input) {
      let x = spikes;
      for (let l = 0; l <= depth; l++) {
        const { name } = layers[l]!;
        const current = matrixVector(parameters, name, x);
        if (l === depth) largest = Math.max(largest, ...current);
        else {
          const threshold = thresholds[name] ?? Infinity;
          states[l] = neuronStep(states[l]!, current, { ...neuron, threshold });
          x = states[l]!.spikes;
        }
      }
    }
  }
  return largest;
}

function outputs(parameters: Parameters, layer: string): number {
  return parameters[`${layer}.weight`]!.shape[1]!;
}

function matrixVector(parameters: Parameters, layer: string, x: Float32Array): Float32Array {
  const { data } = parameters[`${layer}.weight`]!;
  const columns = outputs(parameters, layer);
  const bias = parameters[`${layer}.bias`]?.data;
  return Float32Array.from({ length: columns }, (_, c) =>
    x.reduce((sum, value, r) => sum + value * data[r * columns + c]!, bias?.[c] ?? 0),
  );
}

/** Dense networks whose first layer takes the image. */
const chains = denseRequests.filter(({ architecture }) => fits(architecture));

function fits({ layers, inputShape }: Architecture): boolean {
  const [first] = layers;
  return (
    layers.length > 1 &&
    first?.kind === 'dense' &&
    first.inputs === inputShape.reduce((a, b) => a * b, 1)
  );
}

describe('balanceThresholds', () => {
  it('gives α times the largest current of a brute-force simulation, layer by layer', async () => {
    await fc.assert(
      fc.asyncProperty(chains, async (request) => {
        const { thresholds, layers } = await engine.balanceThresholds(request);
        const names = weightedLayers(request.architecture).map(({ name }) => name);
        names.slice(0, -1).forEach((name, depth) => {
          const expected = largestCurrent(request, depth, thresholds);
          expect(layers[depth]).toMatchObject({ layer: name, current: expected });
          expect(thresholds[name]).toBe(expected > 0 ? request.scale * expected : undefined);
        });
        expect(Object.keys(thresholds)).not.toContain(names.at(-1));
      }),
    );
  });

  it('scales the first threshold with the input, and leaves all others, for a constant encoder', async () => {
    await fc.assert(
      fc.asyncProperty(
        balanceRequest({ encoders: ['constant'], bias: false }),
        fc.constantFrom(0.25, 2, 8),
        async (request, factor) => {
          const [first] = weightedLayers(request.architecture);
          const { thresholds } = await engine.balanceThresholds(request);
          const scaled = await engine.balanceThresholds({
            ...request,
            pixels: request.pixels.map((x) => x * factor),
          });
          const expected = Object.fromEntries(
            Object.entries(thresholds).map(([name, value]) => [
              name,
              name === first!.name ? value * factor : value,
            ]),
          );
          expect(scaled.thresholds).toEqual(expected);
        },
      ),
    );
  });

  it('never raises a threshold when the percentile falls', async () => {
    await fc.assert(
      fc.asyncProperty(
        balanceRequest(),
        fc.integer({ min: 1, max: 99 }),
        async (request, percentile) => {
          const [first] = weightedLayers(request.architecture);
          const largest = await engine.balanceThresholds(request);
          const lower = await engine.balanceThresholds({ ...request, percentile });
          expect(lower.thresholds[first!.name] ?? 0).toBeLessThanOrEqual(
            largest.thresholds[first!.name] ?? 0,
          );
        },
      ),
    );
  });

  it('counts the spikes that an inference with its thresholds has', async () => {
    await fc.assert(
      fc.asyncProperty(balanceRequest(), fc.boolean(), async (request, scaleBiases) => {
        const { architecture, parameters } = request;
        const balance = await engine.balanceThresholds({ ...request, scaleBiases });
        const { thresholds, layers } = balance;
        fc.pre(Object.keys(thresholds).length === layers.length);
        const { activity } = await engine.infer({
          snn: {
            type: 'snn',
            architecture,
            parameters: scaleBiases
              ? toRates(architecture, parameters, thresholds).parameters
              : parameters,
            thresholds,
            neuron: request.neuron,
            encoder: request.encoder,
            readout: { kind: 'sum', scale: 1 },
            timeSteps: request.timeSteps,
            classNames: [],
          },
          pixels: request.pixels,
          seed: request.seed,
        });
        expect(layers.map(({ layer, neurons, spikes }) => ({ layer, neurons, spikes }))).toEqual(
          activity.slice(1),
        );
      }),
    );
  });

  it.each([
    ['ENGINE_SCALE', { scale: 0 }],
    ['ENGINE_PERCENTILE', { percentile: 101 }],
    ['ENGINE_TIME_STEPS', { timeSteps: 0 }],
  ])('refuses with %s: %j', async (code, part) => {
    const [request] = fc.sample(balanceRequest(), { numRuns: 1, seed: 1 });
    await expect(engine.balanceThresholds({ ...request!, ...part })).rejects.toMatchObject({
      code,
    });
  });
});

describe('a whole network', () => {
  it('has spikes of 0 or 1, and of −1, 0 or 1 from the encoder', async () => {
    await fc.assert(
      fc.asyncProperty(arbitrarySnnRun(), async ({ snn, pixels, seed }) => {
        const raster = ['input', ...Object.keys(snn.thresholds)];
        const result = await engine.infer({ snn, pixels, seed, raster });
        for (const [layer, spikes] of Object.entries(result.raster)) {
          const allowed = layer === 'input' ? [0, 1, 255] : [0, 1];
          expect(spikes.every((spike) => allowed.includes(spike))).toBe(true);
        }
      }),
    );
  });

  it('has the same spikes when weights and thresholds of every layer are scaled together', async () => {
    await fc.assert(
      fc.asyncProperty(
        arbitrarySnnRun(),
        fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 4, maxLength: 4 }),
        async ({ snn, pixels, seed }, exponents) => {
          const names = Object.keys(snn.thresholds);
          const factor = (name: string) => 2 ** (exponents[names.indexOf(name)] ?? 0);
          const scaled = {
            ...snn,
            parameters: Object.fromEntries(
              Object.entries(snn.parameters).map(([name, { shape, data }]) => [
                name,
                { shape, data: data.map((value) => value * factor(name.split('.')[0]!)) },
              ]),
            ),
            thresholds: Object.fromEntries(
              names.map((name) => [name, snn.thresholds[name]! * factor(name)]),
            ),
          };
          const before = await engine.infer({ snn, pixels, seed, raster: names });
          const after = await engine.infer({ snn: scaled, pixels, seed, raster: names });
          expect(after.raster).toEqual(before.raster);
          expect(after.potentials).toEqual(before.potentials);
        },
      ),
    );
  });
});
