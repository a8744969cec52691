import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Snn } from '@privatesnn/core';

import { createReferenceEngine } from './engine.js';

const engine = createReferenceEngine();

/** One input pixel, one hidden neuron, one output, all weights 1. */
function chain(overrides: Partial<Snn> = {}): Snn {
  const dense = { kind: 'dense', inputs: 1, outputs: 1, bias: false } as const;
  return {
    type: 'snn',
    architecture: {
      name: 'chain',
      inputShape: [1, 1, 1],
      classes: 1,
      layers: [
        { ...dense, name: 'hidden' },
        { ...dense, name: 'output' },
      ],
    },
    parameters: {
      'hidden.weight': { shape: [1, 1], data: Float32Array.of(1) },
      'output.weight': { shape: [1, 1], data: Float32Array.of(1) },
    },
    thresholds: { hidden: 1 },
    neuron: { kind: 'integrate-and-fire', leak: 1, reset: 'soft', firing: 'strict', initial: 0 },
    encoder: { kind: 'constant', range: [0, 1] },
    readout: { kind: 'sum', scale: 1 },
    timeSteps: 8,
    classNames: ['one'],
    ...overrides,
  };
}

const pixels = (...values: number[]) => Float32Array.from(values);

describe('infer', () => {
  it('counts the spikes that fit into the charge, strictly above θ', async () => {
    // u: 0.5, 1, 1.5 → spike, 0.5 left; then 1, 1.5 → spike, …: at steps 3, 5 and 7.
    const result = await engine.infer({
      snn: chain(),
      pixels: pixels(0.5),
      seed: 0,
      recordAt: [1, 2, 3, 4, 5, 6, 7, 8],
      raster: ['hidden'],
    });
    expect(Array.from(result.raster.hidden!)).toEqual([0, 0, 1, 0, 1, 0, 1, 0]);
    expect(Array.from(result.potentials)).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
  });

  it('fires at u = θ when firing is inclusive', async () => {
    const neuron = {
      kind: 'integrate-and-fire',
      leak: 1,
      reset: 'soft',
      firing: 'inclusive',
      initial: 0,
    } as const;
    const result = await engine.infer({
      snn: chain({ neuron }),
      pixels: pixels(0.5),
      seed: 0,
      raster: ['hidden'],
    });
    expect(Array.from(result.raster.hidden!)).toEqual([0, 1, 0, 1, 0, 1, 0, 1]);
  });

  it('counts activity by layer, the encoder first', async () => {
    const { activity } = await engine.infer({ snn: chain(), pixels: pixels(0.5, 0), seed: 0 });
    expect(activity).toEqual([
      { layer: 'input', neurons: 1, spikes: 8 },
      { layer: 'hidden', neurons: 1, spikes: 3 },
    ]);
  });

  it('marks negative spikes with 255 in the raster', async () => {
    const encoder = { kind: 'poisson', range: [-1, 1] } as const;
    const { raster } = await engine.infer({
      snn: chain({ encoder }),
      pixels: pixels(-1, 1),
      seed: 0,
      timeSteps: 2,
      raster: ['input'],
    });
    expect(Array.from(raster.input!)).toEqual([255, 255, 1, 1]);
  });

  it('gives an image the same result in any batch', async () => {
    const encoder = { kind: 'poisson', range: [-1, 1] } as const;
    const snn = chain({ encoder });
    const images = pixels(0.3, -0.6, 0.9);
    const whole = await engine.infer({ snn, pixels: images, seed: 7 });
    const part = await engine.infer({ snn, pixels: images.subarray(1), seed: 7, firstImage: 1 });
    expect(part.potentials).toEqual(whole.potentials.subarray(1));
  });

  it('reports progress and stops when it is aborted', async () => {
    const controller = new AbortController();
    const done: number[] = [];
    const run = engine.infer({
      snn: chain(),
      pixels: pixels(0, 0, 0, 0),
      seed: 0,
      signal: controller.signal,
      onProgress: (n) => {
        done.push(n);
        if (n === 2) controller.abort();
      },
    });
    await expect(run).rejects.toThrow(/abort/i);
    expect(done).toEqual([1, 2]);
  });
});

describe('bad requests', () => {
  const request = { snn: chain(), pixels: pixels(0.5), seed: 0 };
  const broken: [string, object][] = [
    ['ENGINE_TIME_STEPS', { timeSteps: 0 }],
    ['ENGINE_TIME_STEPS', { timeSteps: 2.5 }],
    ['ENGINE_THRESHOLD', { snn: chain({ thresholds: {} }) }],
    ['ENGINE_THRESHOLD', { snn: chain({ thresholds: { hidden: 0 } }) }],
    ['ENGINE_THRESHOLD', { snn: chain({ thresholds: { hidden: Number.NaN } }) }],
    ['ENGINE_PIXELS', { pixels: new Float32Array(0) }],
    ['ENGINE_RECORD_AT', { recordAt: [3, 2] }],
    ['ENGINE_RECORD_AT', { recordAt: [9] }],
    ['ENGINE_RASTER_LAYER', { raster: ['output'] }],
    ['ENGINE_SEED', { seed: -1 }],
    [
      'ENGINE_LEAK',
      {
        snn: chain({
          neuron: {
            kind: 'integrate-and-fire',
            leak: 0,
            reset: 'soft',
            firing: 'strict',
            initial: 0,
          },
        }),
      },
    ],
    ...[undefined, Number.NaN, 1].map((initial): [string, object] => [
      'ENGINE_INITIAL',
      { snn: chain({ neuron: { ...chain().neuron, initial } as Snn['neuron'] }) },
    ]),
    ['ENGINE_SHAPE', { snn: chain({ parameters: {} }) }],
  ];

  it.each(broken)('%s: %j', async (code, part) => {
    await expect(engine.infer({ ...request, ...part })).rejects.toMatchObject({
      name: 'UserError',
      code,
    });
  });

  it('refuses layers that do not fit together', async () => {
    const snn = chain();
    const [hidden, output] = snn.architecture.layers;
    const architecture = { ...snn.architecture, layers: [{ ...hidden!, outputs: 2 }, output!] };
    const parameters = {
      ...snn.parameters,
      'hidden.weight': { shape: [1, 2], data: Float32Array.of(1, 1) },
    };
    await expect(
      engine.infer({ ...request, snn: { ...snn, architecture, parameters } as Snn }),
    ).rejects.toMatchObject({ code: 'ENGINE_SHAPE' });
  });
});

describe('scaling weights and thresholds together', () => {
  it('changes no spike', async () => {
    const power = fc.integer({ min: -6, max: 6 }).map((exponent) => 2 ** exponent);
    await fc.assert(
      fc.asyncProperty(
        fc.float({ min: -2, max: 2, noNaN: true }),
        fc.float({ min: Math.fround(0.1), max: 2, noNaN: true }),
        fc.float({ min: 0, max: 1, noNaN: true }),
        power,
        async (weight, threshold, x, factor) => {
          const scaled = (by: number) =>
            chain({
              parameters: {
                ...chain().parameters,
                'hidden.weight': { shape: [1, 1], data: Float32Array.of(weight * by) },
              },
              thresholds: { hidden: threshold * by },
            });
          const run = (by: number) =>
            engine.infer({ snn: scaled(by), pixels: pixels(x), seed: 1, raster: ['hidden'] });
          expect((await run(factor)).raster).toEqual((await run(1)).raster);
        },
      ),
    );
  });
});
