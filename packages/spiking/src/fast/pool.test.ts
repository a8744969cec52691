import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { FastEngine } from './engine.js';
import { WorkerPool, type WorkerOverrides } from './pool.js';
import { networkCase, type NetworkCase } from './testing/random-network.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'privatesnn-workers-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Workers of which one fails once. */
function failing(at: string, how: string): WorkerOverrides {
  const entry = new URL('./testing/failing-worker.js', import.meta.url);
  return { entry, argv: [at, how, join(folder, 'failed')] };
}

const [example] = fc
  .sample(networkCase({ encoders: ['poisson'], dropout: false }), { numRuns: 50, seed: 8 })
  .filter(({ snn }) => Object.keys(snn.thresholds).length > 1) as [NetworkCase];

function request(): NetworkCase {
  const { pixels } = example;
  const repeated = new Float32Array(pixels.length * 4);
  for (let i = 0; i < 4; i++) repeated.set(pixels, i * pixels.length);
  return { ...example, pixels: repeated };
}

const requests: Record<string, (engine: FastEngine) => Promise<unknown>> = {
  infer: (engine) => engine.infer(request()),
  balance: (engine) =>
    engine.balanceThresholds({ ...example.snn, ...request(), scale: 1, percentile: 100 }),
  percentile: (engine) =>
    engine.balanceThresholds({ ...example.snn, ...request(), scale: 1, percentile: 99 }),
  sweep: (engine) =>
    engine.sweepLayers({
      ...request(),
      async atLayer(_layer, rates) {
        await rates();
        await rates({ parameters: example.snn.parameters });
      },
    }),
  gradients: (engine) =>
    engine.gradients({
      ...request(),
      ...{ detachReset: false, dropout: false },
      surrogate: { kind: 'triangle', gamma: 1, divideByTheta: false },
      loss: (logits) => ({ value: 0, gradient: logits }),
      wanted: { parameters: true, thresholds: true, input: true },
    }),
};

describe('a worker thread that fails', () => {
  it.each([
    ['exit', 'infer', 'network', /loading the network: it ended with exit code 7/],
    ['exit', 'infer', 'infer', /simulating images \d+ to \d+: it ended with exit code 7/],
    ['close', 'infer', 'infer', /simulating images .*: it ended with exit code 0/],
    ['throw', 'infer', 'infer', /simulating images .*: out of luck/],
    ['throw', 'balance', 'largest', /looking for the largest current of layer 1: out of luck/],
    ['throw', 'percentile', 'count', /counting the currents of layer 1: out of luck/],
    ['exit', 'balance', 'spike', /simulating layer 1: it ended with exit code 7/],
    ['throw', 'sweep', 'drop', /loading the network: out of luck/],
    ['exit', 'sweep', 'channels', /counting the spikes of layer 1: it ended/],
    ['exit', 'gradients', 'forward', /taking image \d+ forward: it ended/],
    ['throw', 'gradients', 'backward', /taking an image backward: out of luck/],
    ['throw', 'gradients', 'layer', /loading the network: out of luck/],
    ['exit', 'gradients', 'sums', /adding up gradients: it ended/],
    ['throw', 'gradients', 'unpack', /adding up gradients: out of luck/],
    ['throw', 'gradients', 'thresholds', /adding up gradients: out of luck/],
    ['exit', 'infer', 'release', /freeing memory: it ended/],
  ] as const)(
    'by %s in %s at "%s" is named, and the engine works again',
    async (how, what, at, message) => {
      const engine = new FastEngine('wasm', 2, failing(at, how));
      const start = requests[what]!;
      await expect(start(engine)).rejects.toMatchObject({
        code: 'ENGINE_WORKER',
        message: expect.stringMatching(
          new RegExp(`^Worker [12] of 2 of the wasm spiking engine failed while ${message.source}`),
        ) as string,
        hint: expect.stringContaining('PRIVATESNN_THREADS=1') as string,
      });
      const plain = new FastEngine('wasm', 2);
      expect(await start(engine)).toEqual(await start(plain));
      await Promise.all([engine.close(), plain.close()]);
    },
  );

  it('by running out of memory is named, with a hint to take fewer threads', async () => {
    const engine = new FastEngine('wasm', 1, {
      ...failing('infer', 'out of memory'),
      resourceLimits: { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 4 },
    });
    await expect(engine.infer(request())).rejects.toMatchObject({
      code: 'ENGINE_WORKER',
      message: expect.stringMatching(/simulating images .* out of memory/i) as string,
      hint: expect.stringContaining('PRIVATESNN_THREADS to a smaller number') as string,
    });
    expect(await engine.infer(request())).toBeDefined();
    await engine.close();
  });

  it('before it started is named', async () => {
    const engine = new FastEngine('native', 1, { entry: new URL('missing.js', import.meta.url) });
    await expect(engine.infer(request())).rejects.toMatchObject({
      message: expect.stringMatching(/^Worker 1 of 1 of the native .*missing\.js/) as string,
      hint: expect.stringContaining('PRIVATESNN_ENGINE=wasm') as string,
    });
    await engine.close();
  });
});

describe('WorkerPool', () => {
  it('rejects a task that cannot be sent, and keeps nothing of it', async () => {
    const pool = new WorkerPool('wasm', 1);
    await expect(pool.call(0, { task: 'clear', what: () => 1 })).rejects.toThrow(/cloned/);
    await expect(pool.call(0, { task: 'release' })).resolves.toBeUndefined();
    await pool.end(new Error('ended'));
  });

  it('rejects all tasks of a thread that ends, those that wait too', async () => {
    const pool = new WorkerPool('wasm', 1, failing('release', 'exit'));
    const outcomes = await Promise.allSettled(
      [1, 2, 3].map(() => pool.call(0, { task: 'release' })),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    await pool.end(new Error('ended'));
  });

  it('can be ended while threads work', async () => {
    const pool = new WorkerPool('wasm', 2);
    const running = [0, 1].map((thread) => pool.call(thread, { task: 'release' }));
    const reason = new Error('ended');
    const outcomes = Promise.allSettled(running);
    await pool.end(reason);
    for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason });
  });
});
