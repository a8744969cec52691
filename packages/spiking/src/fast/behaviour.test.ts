import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';

import { createEngine } from '../create-engine.js';
import type { SpikingEngine } from '../engine.js';
import { createReferenceEngine } from '../reference/engine.js';
import type { KernelKind } from './kernels.js';
import { kernelKinds } from './testing/compiled-engines.js';
import { networkCase, type NetworkCase } from './testing/random-network.js';

const engines: SpikingEngine[] = [];
async function engineOf(threads: number, implementation: KernelKind = 'wasm') {
  const engine = await createEngine({ implementation, threads });
  engines.push(engine);
  return engine;
}
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close()));
});

// Two convolutions, both kinds of pooling, a hidden layer and dropout; all layers spike.
const [example] = fc.sample(networkCase({ encoders: ['poisson'], dropout: true }), {
  numRuns: 1,
  seed: 40,
}) as [NetworkCase];

/** Nine images, so that three threads have something to do. */
function batch(): NetworkCase {
  const [height, width, channels] = example.snn.architecture.inputShape;
  const pixels = new Float32Array(9 * height * width * channels);
  pixels.forEach((_, i) => (pixels[i] = ((i * 37) % 64) / 32 - 1));
  // Weights of many bits, so that the order of summation would show.
  const parameters = Object.fromEntries(
    Object.entries(example.snn.parameters).map(([name, { shape, data }]) => [
      name,
      { shape, data: data.map((x, i) => x * (1 + Math.sin(i + 1) / 7)) },
    ]),
  );
  return { ...example, snn: { ...example.snn, parameters }, pixels };
}

function gradientRequest() {
  return {
    ...batch(),
    surrogate: { kind: 'exponential' as const, gamma: 1, divideByTheta: false },
    detachReset: false,
    dropout: true,
    loss: (logits: Float32Array) => ({ value: logits[0]!, gradient: logits.map((u) => u - 0.3) }),
    wanted: { parameters: true, thresholds: true, input: true },
  };
}

describe('the engine', () => {
  it.each(kernelKinds)('gives the same bits on one, two and three threads (%s)', async (kind) => {
    const { snn } = batch();
    const recordAt = [1, snn.timeSteps];
    const raster = ['input', ...Object.keys(snn.thresholds)];
    const balancing = { ...snn, ...batch(), scale: 0.7 };
    const results = [];
    for (const threads of [1, 2, 3]) {
      const engine = await engineOf(threads, kind);
      results.push({
        inference: await engine.infer({ ...batch(), recordAt }),
        integers: await engine.infer({ ...batch(), recordAt, raster, precision: 'integer' }),
        largest: await engine.balanceThresholds({ ...balancing, percentile: 100 }),
        percentile: await engine.balanceThresholds({ ...balancing, percentile: 99 }),
        gradients: await engine.gradients(gradientRequest()),
      });
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
    // Neither silent nor all zero, or equal bits would say nothing.
    const { integers } = results[0]!;
    expect(integers.activity.every(({ spikes }) => spikes > 0)).toBe(true);
    expect(integers.potentials.some((u) => u !== 0)).toBe(true);
  });

  it('gives the same bits in integers on every engine, on three threads', async () => {
    const request = { ...batch(), precision: 'integer' as const };
    const expected = await createReferenceEngine().infer(request);
    for (const kind of kernelKinds) {
      expect(await (await engineOf(3, kind)).infer(request)).toEqual(expected);
    }
  });

  it('gives the same bits when a batch comes in parts', async () => {
    const engine = await engineOf(2);
    const whole = await engine.infer(batch());
    const size = batch().pixels.length / 9;
    const { pixels, firstImage } = batch();
    const parts = [];
    for (const [start, end] of [
      [0, 4],
      [4, 9],
    ] as const) {
      const { potentials } = await engine.infer({
        ...batch(),
        pixels: pixels.subarray(start * size, end * size),
        firstImage: firstImage + start,
      });
      parts.push(...potentials);
    }
    expect(parts).toEqual([...whole.potentials]);
  });

  it('does requests that come together one after the other', async () => {
    const engine = await engineOf(2);
    const [a, b] = await Promise.all([engine.infer(batch()), engine.infer(batch())]);
    expect(a).toEqual(b);
  });

  it('stops when aborted, and works again afterwards', async () => {
    const engine = await engineOf(2);
    const controller = new AbortController();
    const reason = new Error('stopped');
    const running = engine.infer({
      ...batch(),
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    });
    await expect(running).rejects.toBe(reason);
    await expect(engine.infer({ ...batch(), signal: controller.signal })).rejects.toBe(reason);
    expect((await engine.infer(batch())).activity.length).toBeGreaterThan(1);
  });

  it('counts progress up to all images', async () => {
    const engine = await engineOf(3);
    const seen: [number, number][] = [];
    await engine.gradients({
      ...gradientRequest(),
      onProgress: (done, total) => seen.push([done, total]),
    });
    expect(seen).toEqual(Array.from({ length: 9 }, (_, i) => [i + 1, 9]));
  });

  it('tells of a loss of the wrong kind', async () => {
    const engine = await engineOf(1);
    const running = engine.gradients({
      ...gradientRequest(),
      loss: () => ({ value: 0, gradient: undefined as unknown as Float32Array }),
    });
    await expect(running).rejects.toMatchObject({
      code: 'ENGINE_LOSS',
      message: expect.stringMatching(
        /a gradient of \d+ numbers.* received no for image 1/,
      ) as string,
    });
  });

  it('refuses a backward pass above its memory budget, with the sizes', async () => {
    const engine = await engineOf(1);
    await expect(
      engine.gradients({ ...gradientRequest(), memoryBudget: 1000 }),
    ).rejects.toMatchObject({
      code: 'ENGINE_SIZE',
      message: expect.stringMatching(/\d+ bytes, above the memory budget of 1000; raise/) as string,
    });
    // The engine works on afterwards.
    expect((await engine.gradients(gradientRequest())).logits.length).toBeGreaterThan(0);
  });

  it('names what does not fit', async () => {
    const engine = await engineOf(1);
    const running = engine.infer({ ...batch(), timeSteps: 2 ** 28 });
    await expect(running).rejects.toMatchObject({
      code: 'ENGINE_SIZE',
      message: expect.stringMatching(/need .* elements/) as string,
    });
  });

  it('says which environment value is wrong', async () => {
    const before = process.env['PRIVATESNN_ENGINE'];
    process.env['PRIVATESNN_ENGINE'] = 'quantum';
    try {
      await expect(createEngine()).rejects.toMatchObject({ code: 'ENGINE_NAME' });
    } finally {
      if (before === undefined) delete process.env['PRIVATESNN_ENGINE'];
      else process.env['PRIVATESNN_ENGINE'] = before;
    }
    await expect(createEngine({ threads: -1 })).rejects.toMatchObject({ code: 'ENGINE_THREADS' });
  });
});
