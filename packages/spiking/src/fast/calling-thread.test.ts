import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';

import type { GradientRequest } from '../engine.js';
import { CallingThread } from './calling-thread.js';
import { FastEngine } from './engine.js';
import { networkCase } from './testing/random-network.js';

const worker = new FastEngine('wasm', 1);
const here = new FastEngine('wasm', 0);
afterAll(() => Promise.all([worker.close(), here.close()]));

const encoders = ['poisson', 'constant', 'first-spike'] as const;

describe('without worker threads', () => {
  it('infers the same bits as with one', async () => {
    await fc.assert(
      fc.asyncProperty(
        networkCase({ encoders, dropout: true, signed: true, probes: true, potentials: true }),
        async (request) => {
          const raster = ['input', ...Object.keys(request.snn.thresholds)];
          for (const precision of ['float', 'integer'] as const) {
            const asked = { ...request, raster, precision };
            expect(await here.infer(asked)).toEqual(await worker.infer(asked));
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it('balances thresholds to the same bits as with one', async () => {
    await fc.assert(
      fc.asyncProperty(
        networkCase({ encoders, dropout: false, signed: true, probes: true, potentials: true }),
        fc.constantFrom(100, 99),
        async (request, percentile) => {
          const asked = { ...request.snn, ...request, scale: 0.8, percentile };
          expect(await here.balanceThresholds(asked)).toEqual(
            await worker.balanceThresholds(asked),
          );
        },
      ),
      { numRuns: 30 },
    );
  });

  it('gives the same bits of gradients as with one', async () => {
    await fc.assert(
      fc.asyncProperty(networkCase({ encoders, dropout: true }), async (request) => {
        const asked: GradientRequest = {
          ...request,
          ...{ detachReset: false, dropout: true },
          surrogate: { kind: 'triangle', gamma: 1, divideByTheta: false },
          loss: (logits, image) => ({ value: image, gradient: logits.map((x) => x - image) }),
          wanted: { parameters: true, thresholds: true, input: true },
        };
        expect(await here.gradients(asked)).toEqual(await worker.gradients(asked));
      }),
      { numRuns: 30 },
    );
  });

  it('hears that it shall end between two images, and works again', async () => {
    const [example] = fc.sample(networkCase({ encoders, dropout: false }), { numRuns: 1, seed: 3 });
    const { pixels } = example!;
    const repeated = new Float32Array(pixels.length * 4);
    for (let i = 0; i < 4; i++) repeated.set(pixels, i * pixels.length);
    const controller = new AbortController();
    const reason = new Error('enough');
    setImmediate(() => controller.abort(reason));
    const asked: GradientRequest = {
      ...example!,
      pixels: repeated,
      signal: controller.signal,
      ...{ detachReset: false, dropout: false },
      surrogate: { kind: 'triangle', gamma: 1, divideByTheta: false },
      loss: (logits) => ({ value: 0, gradient: logits }),
      wanted: { parameters: true, thresholds: true, input: true },
    };
    await expect(here.gradients(asked)).rejects.toBe(reason);
    const { signal: _, ...again } = asked;
    expect(await here.gradients(again)).toEqual(await worker.gradients(again));
  });
});

describe('CallingThread', () => {
  it('rejects what waits when it is ended, and what cannot be copied', async () => {
    const thread = new CallingThread('wasm');
    const reason = new Error('ended');
    const outcomes = Promise.allSettled([1, 2].map(() => thread.call(0, { task: 'release' })));
    await thread.end(reason);
    for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason });
    await expect(thread.call(0, { task: 'release' })).resolves.toBeUndefined();
    await expect(thread.call(0, { task: 'x', what: () => 1 })).rejects.toThrow(/cloned/);
  });

  it('names what failed, like a worker thread', async () => {
    const thread = new CallingThread('wasm');
    await expect(thread.call(0, { task: 'thresholds' })).rejects.toMatchObject({
      code: 'ENGINE_WORKER',
      message: expect.stringContaining('given no network') as string,
    });
  });
});
