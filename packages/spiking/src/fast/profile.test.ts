import type { ProfileRow } from '@privatesnn/core';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';

import type { GradientRequest } from '../engine.js';
import { cacheBandwidth } from './cache-bandwidth.js';
import { FastEngine } from './engine.js';
import { networkCase } from './testing/random-network.js';

const told: ProfileRow[] = [];
const profiler = { add: (row: ProfileRow) => void told.push(row) };
const plain = new FastEngine('wasm', 2);
const profiled = new FastEngine('wasm', 2, {}, profiler);
const here = new FastEngine('wasm', 0, {}, profiler);
afterAll(() => Promise.all([plain, profiled, here].map((engine) => engine.close())));

const cases = networkCase({ encoders: ['poisson', 'constant'], dropout: true, signed: true });
const trained = networkCase({ encoders: ['poisson', 'constant'], dropout: true });

/** What a request gives, and tells. */
async function rowsOf<T>(request: () => Promise<T>): Promise<{ result: T; rows: ProfileRow[] }> {
  told.length = 0;
  const result = await request();
  expect(parts(told, 'waiting')).toEqual(new Set(['engine']));
  return { result, rows: [...told] };
}

const total = (rows: readonly ProfileRow[], name: 'operations' | 'bytes' | 'bound') =>
  rows.reduce((sum, row) => sum + (row[name] ?? 0), 0);
const parts = (rows: readonly ProfileRow[], pass: string) =>
  new Set(rows.filter((row) => row.pass === pass).map(({ part }) => part));

describe('a profiled engine', () => {
  it('infers the same, and tells the operations of each layer that it counts', async () => {
    await fc.assert(
      fc.asyncProperty(cases, fc.constantFrom('float', 'integer'), async (request, precision) => {
        const asked = { ...request, precision } as const;
        const expected = await plain.infer(asked);
        for (const engine of [profiled, here]) {
          const { result, rows } = await rowsOf(() => engine.infer(asked));
          expect(result).toEqual(expected);
          const { operations } = expected;
          const additions = operations.reduce((sum, one) => sum + one.additions, 0);
          const all = operations.reduce((sum, one) => sum + one.multiplications, additions);
          expect(total(rows, 'operations')).toBe(all);
          expect(total(rows, 'bytes')).toBe(additions * (precision === 'integer' ? 2 : 4));
          expect(total(rows, 'bound')).toBeCloseTo(total(rows, 'bytes') / cacheBandwidth());
          for (const { layer } of operations) expect(parts(rows, 'forward')).toContain(layer);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('gives the same gradients, and tells of the way back through each layer', async () => {
    await fc.assert(
      fc.asyncProperty(trained, fc.boolean(), async (request, parameters) => {
        const asked: GradientRequest = {
          ...request,
          ...{ detachReset: false, dropout: true },
          surrogate: { kind: 'triangle', gamma: 1, divideByTheta: false },
          loss: (logits, image) => ({ value: image, gradient: logits.map((x) => x - image) }),
          wanted: { parameters, thresholds: true, input: true },
        };
        const expected = await plain.gradients(asked);
        const { result, rows } = await rowsOf(() => profiled.gradients(asked));
        expect(result).toEqual(expected);
        const layers = [...Object.keys(request.snn.thresholds), 'output'];
        for (const pass of ['forward', 'back']) {
          expect([...parts(rows, pass)]).toEqual(expect.arrayContaining(layers));
        }
        expect(parts(rows, 'gradient sums').has('output')).toBe(parameters);
        // The weight gradients add up once what the way forward has, the potentials are kept.
        const of = (pass: string) => rows.filter((row) => row.pass === pass);
        const forward = total(of('forward'), 'operations');
        if (parameters) expect(total(of('back'), 'operations')).toBeGreaterThanOrEqual(forward);
      }),
      { numRuns: 20 },
    );
  });

  it('balances thresholds to the same, and tells which part looks for currents', async () => {
    await fc.assert(
      fc.asyncProperty(cases, fc.constantFrom(100, 99), async (request, percentile) => {
        const asked = { ...request.snn, ...request, scale: 0.8, percentile };
        const expected = await plain.balanceThresholds(asked);
        const { result, rows } = await rowsOf(() => profiled.balanceThresholds(asked));
        expect(result).toEqual(expected);
        const layers = expected.layers.map(({ layer }) => layer);
        expect(parts(rows, percentile === 100 ? 'largest current' : 'currents')).toEqual(
          new Set(layers),
        );
        expect([...parts(rows, 'forward')]).toEqual(expect.arrayContaining(layers));
      }),
      { numRuns: 8 },
    );
  });
});
