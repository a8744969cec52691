import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  layerShapes,
  weightedLayers,
  type Architecture,
  type Parameters,
  type PixelRange,
} from '@privatesnn/core';

import type { BalanceRequest } from '../engine.js';
import { createReferenceEngine } from './engine.js';
import { balanceRequest } from './testing/balance-request.js';

const engine = createReferenceEngine();

/** Requests for networks of `layers` spiking layers at least. */
const requests = (layers = 1) =>
  // The first-spike encoder puts its spikes elsewhere when T changes.
  balanceRequest({ encoders: ['poisson', 'constant'] }).filter(
    ({ architecture }) => weightedLayers(architecture).length > layers,
  );

/** The largest input current of the first layer, before any scaling. */
async function firstCurrent(request: BalanceRequest): Promise<number> {
  return (await engine.balanceThresholds(request)).layers[0]!.current;
}

/** Where weighted layer number `depth` stands in the architecture. */
function position({ layers }: Architecture, depth: number): number {
  const { name } = weightedLayers({ layers } as Architecture)[depth]!;
  return layers.findIndex((layer) => 'name' in layer && layer.name === name);
}

/** What comes after weighted layer number `depth`, as a network of its own. */
function networkAfter(architecture: Architecture, depth: number): Architecture {
  const at = position(architecture, depth);
  return {
    ...architecture,
    inputShape: layerShapes(architecture)[at]!,
    layers: architecture.layers.slice(at + 1),
  };
}

/**
 * The largest input current of weighted layer number `depth` > 0 at fixed thresholds of the layers before: their
 * spikes, each time-step's as an image of its own, are the input of the network that is left.
 */
async function currentBehind(
  request: BalanceRequest,
  depth: number,
  thresholds: Readonly<Record<string, number>>,
): Promise<number> {
  const { architecture, parameters, neuron, encoder, timeSteps } = request;
  const layers = weightedLayers(architecture);
  const before = layers[depth - 1]!.name;
  // A layer without a threshold is silent.
  const all = Object.fromEntries(
    layers.slice(0, -1).map(({ name }) => [name, thresholds[name] ?? 1e30]),
  );
  const { raster } = await engine.infer({
    ...request,
    snn: {
      ...{ type: 'snn', architecture, parameters, neuron, encoder, timeSteps },
      thresholds: all,
      readout: { kind: 'sum', scale: 1 },
      classNames: [],
    },
    raster: [before],
  });
  return firstCurrent({
    ...request,
    architecture: networkAfter(architecture, depth - 1),
    pixels: Float32Array.from(raster[before]!),
    encoder: { kind: 'constant', range: [0, 1] },
    timeSteps: 1,
  });
}

/** The request's first image. */
function oneImage(request: BalanceRequest): BalanceRequest {
  const size = request.architecture.inputShape.reduce((a, b) => a * b, 1);
  return { ...request, pixels: request.pixels.subarray(0, size) };
}

describe('thresholds', () => {
  it('of the first layer never fall when images or time-steps are added', async () => {
    await fc.assert(
      fc.asyncProperty(requests(), async (request) => {
        const whole = await firstCurrent(request);
        expect(await firstCurrent(oneImage(request))).toBeLessThanOrEqual(whole);
        const longer = { ...request, timeSteps: request.timeSteps + 3 };
        expect(await firstCurrent(longer)).toBeGreaterThanOrEqual(whole);
      }),
    );
  });

  it('of deeper layers never fall either, where those before are fixed', async () => {
    await fc.assert(
      fc.asyncProperty(requests(2), async (request) => {
        const { thresholds, layers } = await engine.balanceThresholds(request);
        for (let depth = 1; depth < layers.length; depth++) {
          const { current } = layers[depth]!;
          expect(await currentBehind(request, depth, thresholds)).toBe(current);
          const shorter = { ...request, timeSteps: Math.ceil(request.timeSteps / 2) };
          for (const part of [oneImage(request), shorter]) {
            expect(await currentBehind(part, depth, thresholds)).toBeLessThanOrEqual(current);
          }
        }
      }),
    );
  });

  // Of the first layer of any network: what comes after a layer is such a network too.
  it('never fall when a layer of no negative weight gets more input', async () => {
    const range: PixelRange = [0, 1];
    await fc.assert(
      fc.asyncProperty(requests(), fc.infiniteStream(fc.nat(8)), async (drawn, more) => {
        const [first] = weightedLayers(drawn.architecture);
        const name = `${first!.name}.weight`;
        const { shape, data } = drawn.parameters[name]!;
        const request = {
          ...drawn,
          parameters: { ...drawn.parameters, [name]: { shape, data: data.map(Math.abs) } },
          encoder: { ...drawn.encoder, range },
          pixels: drawn.pixels.map(Math.abs),
        };
        const stronger = request.pixels.map((x) => Math.min(1, x + more.next().value! / 8));
        expect(await firstCurrent({ ...request, pixels: stronger })).toBeGreaterThanOrEqual(
          await firstCurrent(request),
        );
      }),
    );
  });

  it('never fall when an input channel is added whose weights are not negative', async () => {
    await fc.assert(
      fc.asyncProperty(requests(), fc.infiniteStream(fc.nat(8)), async (drawn, added) => {
        // Spikes that do not hang on the noise, whose numbers an added channel shifts.
        const request = { ...drawn, pixels: drawn.pixels.map(Math.sign) };
        const wider = withChannel(request, () => added.next().value!);
        expect(await firstCurrent(wider)).toBeGreaterThanOrEqual(await firstCurrent(request));
      }),
    );
  });
});

/** The request with one more input channel, of random pixels 0 or 1 and random weights ≥ 0. */
function withChannel(request: BalanceRequest, random: () => number): BalanceRequest {
  const { architecture, parameters, pixels } = request;
  const [height, width, channels] = architecture.inputShape;
  const [first] = weightedLayers(architecture);
  const name = `${first!.name}.weight`;
  const { shape, data } = parameters[name]!;
  const outputs = shape.at(-1)!;
  const weight = insertAfterEach(data, channels * outputs, outputs, () => random() / 8);
  const wider: Parameters = {
    ...parameters,
    [name]: {
      shape: [...shape.slice(0, -2), (shape.at(-2)! / channels) * (channels + 1), outputs],
      data: weight,
    },
  };
  return {
    ...request,
    architecture: {
      ...architecture,
      inputShape: [height, width, channels + 1],
      layers: architecture.layers.map((layer) =>
        layer !== first
          ? layer
          : layer.kind === 'conv'
            ? { ...layer, inChannels: channels + 1 }
            : { ...layer, inputs: height * width * (channels + 1) },
      ),
    },
    parameters: wider,
    pixels: insertAfterEach(pixels, channels, 1, () => random() % 2),
  };
}

/** The numbers with `count` more after every `period`. */
function insertAfterEach(
  values: Float32Array,
  period: number,
  count: number,
  value: () => number,
): Float32Array {
  const longer = new Float32Array((values.length / period) * (period + count));
  for (let block = 0; block * period < values.length; block++) {
    const at = block * (period + count);
    longer.set(values.subarray(block * period, (block + 1) * period), at);
    for (let i = 0; i < count; i++) longer[at + period + i] = value();
  }
  return longer;
}
