import type { Ancestor } from '@privatesnn/core';
import { fakeContext } from '@privatesnn/testkit';
import { expect, test } from 'vitest';

import { stageOf, tinySnn } from './testing/fixtures.js';
import { dataLeakage } from './data-leakage.js';

const generator: Ancestor = { stage: 'impressions', kind: 'generator', use: 'data-impressions' };
const dataset: Ancestor = { stage: 'train', kind: 'dataset', use: 'mnist' };

const run = async (ancestors: readonly Ancestor[]) =>
  (
    await stageOf(dataLeakage, {}, {}).run(fakeContext({ ancestors: { network: ancestors } }), {
      network: tinySnn,
    })
  ).metrics.values;

test('synthetic images do not leak, and a dataset does', async () => {
  expect(await run([])).toEqual({ realImages: 0, leaks: 0 });
  expect(await run([generator])).toEqual({ realImages: 0, leaks: 0 });
  expect(await run([generator, dataset])).toEqual({ realImages: 1, leaks: 1 });
  expect(await run([dataset, { ...dataset, stage: 'more' }])).toEqual({ realImages: 1, leaks: 2 });
});
