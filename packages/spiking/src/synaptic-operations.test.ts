import { layerShapes, squareWindow, type Architecture, type Snn } from '@privatesnn/core';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';

import { createEngine, engineInfo } from './create-engine.js';
import type { Inference, InferenceRequest, LayerOperations, SpikingEngine } from './engine.js';
import { networkCase } from './fast/testing/random-network.js';
import { probeStepsOf } from './offset-spikes.js';

const anyNetwork = networkCase({
  ...{
    encoders: ['poisson', 'constant', 'first-spike'],
    dropout: true,
    signed: true,
    probes: true,
  },
});
const adaptive = {
  kind: 'adaptive' as const,
  ...{ rest: 0.5, growth: 0.5, thresholdDecay: 0.5 },
  ...{ refractoryDecay: 0.5, currentDecay: 0.5, membraneDecay: 0 },
};

/** Event by event, from the spikes of every layer: how many outputs have a window over it. */
function counted({ snn, pixels }: InferenceRequest, { raster }: Inference): LayerOperations[] {
  const { architecture } = snn;
  const [height, width, channels] = architecture.inputShape;
  const images = pixels.length / (height * width * channels);
  const steps = snn.timeSteps;
  const shapes = layerShapes(architecture);
  let shape = architecture.inputShape;
  let values = [...raster['input']!].map((byte) => (byte === 255 ? -1 : byte));
  if (snn.encoder.kind === 'constant') {
    const size = pixels.length / images;
    values = values.map((_, i) => pixels[Math.floor(i / (steps * size)) * size + (i % size)]!);
  }
  let events = values.map((value) => Number(value !== 0));
  let isConstant = snn.encoder.kind === 'constant';
  const result: LayerOperations[] = [];
  architecture.layers.forEach((layer, index) => {
    const [h, w, c] = shape;
    const [oh, ow, oc] = shapes[index]!;
    const size = h * w * c;
    const pool = (side: number, join: (window: number[]) => number, from: number[]) =>
      Array.from({ length: images * steps * oh * ow * oc }, (_, i) => {
        const frame = Math.floor(i / (oh * ow * oc)) * size;
        const [y, x, channel] = [Math.floor(i / (ow * oc)) % oh, Math.floor(i / oc) % ow, i % oc];
        const window = Array.from({ length: side ** 2 }, (_, k) => {
          const [row, column] = [y * side + Math.floor(k / side), x * side + (k % side)];
          return from[frame + (row * w + column) * c + channel]!;
        });
        return join(window);
      });
    const sum = (window: number[]) => window.reduce((a, b) => a + b, 0);
    if (layer.kind === 'average-pool') {
      const { kernel } = squareWindow(layer)!;
      events = pool(kernel, sum, events);
      values = pool(kernel, sum, values);
    } else if (layer.kind === 'max-pool') {
      values = pool(squareWindow(layer)!.kernel, (window) => Math.max(...window), values);
      events = values.map((value) => Number(value !== 0));
    } else if (layer.kind === 'conv' || layer.kind === 'dense') {
      const { kernel, stride, padding } =
        layer.kind === 'conv' ? squareWindow(layer)! : { kernel: 1, stride: 1, padding: 0 };
      const [rows, columns, outputs] =
        layer.kind === 'dense' ? [1, 1, layer.outputs] : [oh, ow, oc];
      // A probe takes the first time-steps once more; the read-out has none.
      const probed = index < architecture.layers.length - 1 ? probeStepsOf(snn.neuron) : 0;
      let operations = 0;
      (isConstant ? values.map((value) => Number(value !== 0)) : events).forEach((events, i) => {
        const count = Math.floor(i / size) % steps < probed ? 2 * events : events;
        const y = layer.kind === 'dense' ? 0 : Math.floor((i % size) / (w * c));
        const x = layer.kind === 'dense' ? 0 : Math.floor(i / c) % w;
        for (let oy = 0; oy < rows; oy++) {
          for (let ox = 0; ox < columns; ox++) {
            const [dy, dx] = [y + padding - oy * stride, x + padding - ox * stride];
            if (dy >= 0 && dy < kernel && dx >= 0 && dx < kernel) operations += count * outputs;
          }
        }
      });
      result.push({
        layer: layer.name,
        additions: isConstant ? 0 : operations,
        multiplications: isConstant ? operations : 0,
      });
      isConstant = false;
      values = [...(raster[layer.name] ?? [])];
      events = values.map((value) => Number(value !== 0));
    }
    shape = shapes[index]!;
  });
  return result;
}

const available = engineInfo().filter(({ available }) => available);

describe.each(available)('synaptic operations of the $implementation engine', (info) => {
  let engine: SpikingEngine | undefined;
  const get = async (): Promise<SpikingEngine> =>
    (engine ??= await createEngine({ implementation: info.implementation, threads: 2 }));
  afterAll(() => engine?.close());

  const expectCounted = async (request: InferenceRequest) => {
    const raster = ['input', ...Object.keys(request.snn.thresholds)];
    const inference = await (await get()).infer({ ...request, raster });
    expect(inference.operations).toEqual(counted(request, inference));
  };

  it.each([
    ['in floats', (request: InferenceRequest): InferenceRequest => request],
    ['in integers', (request: InferenceRequest) => ({ ...request, precision: 'integer' as const })],
    [
      'of adaptive neurons',
      (request: InferenceRequest): InferenceRequest => ({
        ...request,
        snn: {
          ...request.snn,
          neuron: adaptive,
        },
      }),
    ],
  ])('are those counted event by event, %s', async (_, change) => {
    await fc.assert(
      fc.asyncProperty(anyNetwork, (request) => expectCounted(change(request))),
      { numRuns: 40 },
    );
  });

  it.each(['poisson', 'constant', 'first-spike'] as const)(
    'are those of a pooled input, %s',
    (kind) =>
      expectCounted({
        snn: smallNetwork(kind, [{ kind: 'average-pool', size: 2 }]),
        pixels: Float32Array.from({ length: 50 }, (_, i) => (i % 3 === 0 ? 0 : (i % 7) / 4 - 0.75)),
        seed: 5,
      }),
  );

  it('of a corner are 4 taps of 9, of an edge 6', async () => {
    const additions = async (y: number, x: number) => {
      const pixels = new Float32Array(25);
      pixels[y * 5 + x] = 1;
      const snn = { ...smallNetwork('poisson', []), timeSteps: 3 };
      return (await (await get()).infer({ snn, pixels, seed: 1 })).operations[0]!.additions;
    };
    // 2 output channels, 3 time-steps, a spike at each.
    expect(await additions(0, 0)).toBe(3 * 4 * 2);
    expect(await additions(0, 2)).toBe(3 * 6 * 2);
    expect(await additions(2, 2)).toBe(3 * 9 * 2);
  });
});

function smallNetwork(kind: Snn['encoder']['kind'], before: Architecture['layers']): Snn {
  const layers: Architecture['layers'] = [
    ...before,
    {
      ...{ kind: 'conv', name: 'conv', inChannels: 1, outChannels: 2 },
      ...{ kernel: 3, stride: 1, padding: 1, bias: false },
    },
    { kind: 'flatten' },
  ];
  const architecture = { name: 'small', inputShape: [5, 5, 1] as const, classes: 2, layers };
  const [, , inputs] = layerShapes(architecture).at(-1)!;
  const filled = (shape: number[]) => ({
    shape,
    data: new Float32Array(shape.reduce((a, b) => a * b)).fill(0.5),
  });
  return {
    type: 'snn',
    architecture: {
      ...architecture,
      layers: [...layers, { kind: 'dense', name: 'output', inputs, outputs: 2, bias: false }],
    },
    parameters: {
      'conv.weight': filled([3, 3, 1, 2]),
      'output.weight': filled([inputs, 2]),
    },
    thresholds: { conv: 0.75 },
    neuron: { kind: 'integrate-and-fire', leak: 1, reset: 'soft', firing: 'strict', initial: 0 },
    encoder: { kind, range: [-1, 1] },
    readout: { kind: 'sum', scale: 1 },
    timeSteps: 4,
    classNames: ['a', 'b'],
  };
}
