import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createTensorRuntime } from '@privatesnn/runtime-tfjs';
import { fakeContext } from '@privatesnn/testkit';
import { beforeAll, expect, test } from 'vitest';

import { randomImages, stageOf, tinyAnn } from './testing/fixtures.js';
import { fid } from './fid.js';

let runtime: Awaited<ReturnType<typeof createTensorRuntime>>;
beforeAll(async () => {
  runtime = await createTensorRuntime({ prefer: 'embedded' });
});

const stage = (options: Parameters<typeof fid.options.parse>[0] & object) =>
  stageOf(fid, { runtime }, { resamples: 20, fidResamples: 5, ...options });
const a = randomImages([60, 1, 1, 3], 'fid-a');
const b = randomImages([50, 1, 1, 3], 'fid-b');
const darker = { ...b, pixels: b.pixels.map((value) => value * 0.4) };

test('two samples of one distribution are close, and darker images are not', async () => {
  const run = async (generated: typeof a) =>
    (await stage({}).run(fakeContext(), { generated, reference: a, features: tinyAnn })).metrics
      .values;
  const same = await run(b);
  const other = await run(darker);
  expect(same).toMatchObject({ dimensions: 3, generatedImages: 50, referenceImages: 60 });
  expect(other['fid']).toBeGreaterThan(5 * same['fid']!);
  expect(other['kidLow']).toBeGreaterThan(0);
  expect(same['kidLow']).toBeLessThan(0);
  expect(other['fidLow']).toBeLessThanOrEqual(other['fidHigh']!);
});

test('the same seed gives the same numbers', async () => {
  const options = { reduction: 'random-projection', dimensions: 2, kidImages: 20 };
  const inputs = { generated: darker, reference: a, features: tinyAnn };
  const first = await stage(options).run(fakeContext(), inputs);
  expect(await stage(options).run(fakeContext(), inputs)).toEqual(first);
});

test('a set beside itself has FID 0', async () => {
  const { metrics } = await stage({ extractor: 'pixels' }).run(fakeContext(), {
    generated: a,
    reference: a,
    features: undefined,
  });
  expect(metrics.values['fid']).toBeLessThan(1e-6);
});

test('fewer images than dimensions: no FID, a warning, KID all the same', async () => {
  const few = randomImages([10, 4, 4, 3], 'few');
  const reference = randomImages([100, 4, 4, 3], 'many');
  const inputs = { generated: few, reference, features: undefined };
  const context = fakeContext();
  const { metrics } = await stage({ extractor: 'pixels' }).run(context, inputs);
  expect(metrics.values).toMatchObject({ fid: null, fidLow: null, fidHigh: null, dimensions: 48 });
  expect(metrics.values['kid']).toEqual(expect.any(Number));
  expect(context.warnings[0]).toContain('FID in 48 dimensions needs at least as many images');

  const forced = await stage({ extractor: 'pixels', allowFewSamples: true }).run(
    fakeContext(),
    inputs,
  );
  expect(forced.metrics.values['fid']).toBeGreaterThan(0);
  const reduced = await stage({ extractor: 'pixels', dimensions: 8 }).run(fakeContext(), inputs);
  expect(reduced.metrics.values).toMatchObject({ dimensions: 8, fid: expect.any(Number) });
});

test('one image is too few for anything', async () => {
  const one = randomImages([1, 1, 1, 3], 'one');
  const { metrics } = await stage({ extractor: 'pixels', allowFewSamples: true }).run(
    fakeContext(),
    { generated: one, reference: a, features: undefined },
  );
  expect(metrics.values).toMatchObject({ fid: null, kid: null });
});

test('what is missing is named', async () => {
  const inputs = { generated: a, reference: b, features: undefined };
  const check = (options: object, ...connected: string[]) =>
    fid.check!(fid.options.parse(options), new Set(connected));
  expect(check({}, 'features')).toEqual([]);
  expect(check({})).toMatchObject([{ code: 'FID_FEATURES', option: 'extractor' }]);
  expect(check({ extractor: 'inception' })).toMatchObject([{ code: 'FID_INCEPTION' }]);
  await expect(
    stage({ extractor: 'inception', inception: '/no/such/model' }).run(fakeContext(), inputs),
  ).rejects.toThrow('/no/such/model/model.json cannot be read');
  await expect(
    stage({}).run(fakeContext(), {
      ...inputs,
      reference: randomImages([4, 2, 2, 3], 'large'),
    }),
  ).rejects.toThrow('the generated ones are 1 × 1 × 3 and the reference ones 2 × 2 × 3');
});

test('the fingerprint follows the graph model on disk', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'privatesnn-fid-'));
  try {
    const digest = () =>
      stage({ extractor: 'inception', inception: folder }).fingerprint!(fakeContext());
    const model = { modelTopology: {}, weightsManifest: [{ paths: ['w.bin'], weights: [] }] };
    await writeFile(join(folder, 'model.json'), JSON.stringify(model));
    await writeFile(join(folder, 'w.bin'), 'one');
    const before = await digest();
    expect(await digest()).toBe(before);
    await writeFile(join(folder, 'w.bin'), 'two');
    expect(await digest()).not.toBe(before);
    await writeFile(join(folder, 'model.json'), '{');
    await expect(digest()).rejects.toThrow('is not JSON');
  } finally {
    await rm(folder, { recursive: true });
  }
});
