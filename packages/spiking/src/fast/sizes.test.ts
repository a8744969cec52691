import { UserError, type Architecture, type Layer } from '@privatesnn/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createEngine, engineInfo } from '../create-engine.js';
import { isSigned } from '../taking-back.js';
import { Heap } from './heap.js';
import { loadWasm } from './kernels.js';
import { Network } from './network/network.js';
import { networkSpec } from './engine.js';
import { planOf } from './plan.js';
import { checkSizes, type Extent } from './sizes.js';
import { networkCase } from './testing/random-network.js';

const extent: Extent = {
  timeSteps: 10,
  encoder: 'poisson',
  weightBytes: 4,
  threads: 2,
  results: [],
};

/** A convolution of the whole image, and a dense layer. */
function network(size: number, channels: number): Architecture {
  const layers: Layer[] = [
    {
      kind: 'conv',
      name: 'a',
      inChannels: 3,
      outChannels: channels,
      kernel: 3,
      stride: 1,
      padding: 1,
      bias: false,
    },
    { kind: 'flatten' },
    { kind: 'dense', name: 'b', inputs: size * size * channels, outputs: 10, bias: false },
  ];
  return { name: 'plain', inputShape: [size, size, 3], classes: 10, layers };
}

describe('checkSizes', () => {
  it('lets pass what fits', () => {
    expect(() => checkSizes(planOf(network(32, 64)), extent, 2 ** 30)).not.toThrow();
  });

  it.each([
    [
      'a buffer of 2^31 elements',
      network(32, 64),
      { timeSteps: 2 ** 21 },
      2 ** 45,
      /^the input of layer "a" need 2214592512 elements; .* fewer than 2\^31/,
    ],
    [
      'a heap of 4 GB',
      network(256, 512),
      { timeSteps: 250 },
      2 ** 45,
      /^A thread needs at least .* GB \(the weights of layer "b": 4.00 GB\); its memory can hold 4.00 GB/,
    ],
    [
      'the memory of the machine',
      network(32, 64),
      { threads: 400 },
      2 ** 30,
      /^400 threads need at least .* GB \(the weights of layer "b": 8.00 MB each; .*this machine has 1.00 GB/,
    ],
    [
      'the time-steps of training',
      network(1, 1),
      { timeSteps: 65536, training: { parameters: true } },
      2 ** 45,
      /^Training takes at most 65535 time-steps, received 65536/,
    ],
    [
      'an array of results',
      network(32, 64),
      { results: [{ what: 'the recorded spikes of "a"', bytes: 2 ** 60 }] },
      2 ** 62,
      /^the recorded spikes of "a" need .* GB; an array can hold/,
    ],
  ] as [string, Architecture, Partial<Extent>, number, RegExp][])(
    'refuses more than %s, with sizes and a hint',
    (_, architecture, changed, memory, message) => {
      expect(() => checkSizes(planOf(architecture), { ...extent, ...changed }, memory)).toThrow(
        expect.objectContaining({
          code: 'ENGINE_SIZE',
          message: expect.stringMatching(message) as string,
          hint: expect.stringContaining('fewer time-steps') as string,
        }) as Error,
      );
    },
  );

  it('never asks for more than a network takes', () => {
    const kinds = { encoders: ['poisson', 'constant'] } as const;
    fc.assert(
      fc.property(networkCase({ ...kinds, dropout: false, signed: true }), (it) => {
        const { architecture, parameters, encoder, neuron, timeSteps } = it.snn;
        const heap = new Heap(loadWasm());
        const before = heap.top;
        new Network(
          heap,
          networkSpec(
            architecture,
            { parameters },
            {
              ...{ thresholds: [], neuron, encoder: encoder.kind, timeSteps, seed: 0 },
              dropout: false,
            },
          ),
        );
        const taken = heap.top - before;
        const plan = planOf(architecture);
        // All but the spikes: those of no time-steps take nothing.
        const asked = { ...extent, timeSteps: 0, encoder: encoder.kind, threads: 1 };
        const all = { ...asked, signed: isSigned(neuron) };
        expect(() => checkSizes(plan, all, taken)).not.toThrow();
      }),
      { numRuns: 50 },
    );
  });
});

const usable = engineInfo().filter(({ available }) => available);
const hostile = fc.oneof(
  fc.constantFrom(0, -1, 0.5, NaN, Infinity, 2 ** 31, 2 ** 32, 2 ** 53, 1e300),
  fc.integer({ min: 2 ** 32, max: 2 ** 53 - 1 }),
);

describe.each(usable)('$implementation engine', ({ implementation }) => {
  it('refuses hostile numbers by a clear error, and goes on', async () => {
    const engine = await createEngine({ implementation, threads: 2 });
    const small = networkCase({ encoders: ['poisson', 'constant'], dropout: false });
    const request = fc.sample(small, { numRuns: 1, seed: 3 })[0]!;
    const training = {
      ...{ detachReset: false, dropout: false },
      surrogate: { kind: 'triangle' as const, gamma: 1, divideByTheta: false },
      loss: (logits: Float32Array) => ({ value: 0, gradient: logits }),
      wanted: { parameters: true, thresholds: true, input: true },
    };
    // Plain TypeScript computes however many time-steps there are.
    const fields = ['firstImage', 'seed', ...(implementation === 'reference' ? [] : ['timeSteps'])];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...fields), hostile, async (field, value) => {
        fc.pre(field === 'timeSteps' || !(value === 0 || value === 2 ** 31));
        const changed = { ...request, [field]: value };
        const balancing = { ...request.snn, ...changed, scale: 1, percentile: 100 };
        for (const outcome of await Promise.allSettled([
          engine.infer(changed),
          engine.gradients({ ...changed, ...training }),
          engine.balanceThresholds(balancing),
        ])) {
          expect(outcome).toMatchObject({
            status: 'rejected',
            reason: {
              code: expect.stringMatching(/^ENGINE_/) as string,
              hint: expect.stringMatching(/./) as string,
            },
          });
        }
      }),
      { numRuns: 30 },
    );
    expect((await engine.infer(request)).activity.length).toBeGreaterThan(0);
    await engine.close();
  });

  it('computes a network with a hostile size, or refuses it by a clear error', async () => {
    const engine = await createEngine({ implementation, threads: 1 });
    const small = networkCase({ encoders: ['poisson'], dropout: false });
    const cases = fc.sample(small, { numRuns: 20, seed: 5 });
    const keys = ['kernel', 'stride', 'padding', 'size', 'outChannels', 'inputs', 'outputs'];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...cases),
        fc.nat(),
        fc.constantFrom(...keys),
        hostile,
        async (request, at, key, value) => {
          const { layers } = request.snn.architecture;
          const index = at % layers.length;
          fc.pre(key in layers[index]! && !(key === 'padding' && value === 0));
          const changed = layers.map((layer, i) =>
            i === index ? { ...layer, [key]: value } : layer,
          );
          const architecture = { ...request.snn.architecture, layers: changed as Layer[] };
          const running = engine.infer({ ...request, snn: { ...request.snn, architecture } });
          await running.catch((error: unknown) => expect(error).toBeInstanceOf(UserError));
        },
      ),
      { numRuns: 60 },
    );
    await engine.close();
  });
});
