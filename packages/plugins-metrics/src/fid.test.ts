import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Images } from '@privatesnn/core';
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
  stageOf(fid, { runtime }, options);
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
  expect(same['kidLow']).toBeLessThanOrEqual(0);
  for (const values of [same, other]) {
    expect(values['fid']).toBeLessThan(values['fidPlugIn']!);
    expect(values['fidLow']).toBeLessThanOrEqual(values['fid']!);
    expect(values['fidHigh']).toBeGreaterThanOrEqual(values['fid']!);
  }
});

test('the same seed gives the same numbers', async () => {
  const options = { reduction: 'random-projection', dimensions: 2, kidImages: 20 };
  const inputs = { generated: darker, reference: a, features: tinyAnn };
  const first = await stage(options).run(fakeContext(), inputs);
  expect(await stage(options).run(fakeContext(), inputs)).toEqual(first);
});

test('a set beside itself has FID 0 before its bias is taken back', async () => {
  const { metrics } = await stage({ extractor: 'pixels' }).run(fakeContext(), {
    generated: a,
    reference: a,
    features: undefined,
  });
  expect(metrics.values['fidPlugIn']).toBeLessThan(1e-6);
});

test('fewer images than dimensions: no FID, a warning, KID all the same', async () => {
  const few = randomImages([10, 4, 4, 3], 'few');
  const reference = randomImages([100, 4, 4, 3], 'many');
  const inputs = { generated: few, reference, features: undefined };
  const context = fakeContext();
  const { metrics } = await stage({ extractor: 'pixels' }).run(context, inputs);
  const none = { fid: null, fidLow: null, fidHigh: null, dimensions: 48 };
  expect(metrics.values).toMatchObject({ ...none, fidPlugIn: null });
  expect(metrics.values).toMatchObject({ kidLow: null, kidGeneratedImages: 10 });
  expect(metrics.values['kid']).toEqual(expect.any(Number));
  expect(context.warnings[0]).toContain('FID in 48 dimensions needs at least as many images');

  const forced = await stage({ extractor: 'pixels', allowFewSamples: true }).run(
    fakeContext(),
    inputs,
  );
  expect(forced.metrics.values).toMatchObject(none);
  expect(forced.metrics.values['fidPlugIn']).toBeGreaterThan(0);
  const reduced = await stage({ extractor: 'pixels', dimensions: 8 }).run(fakeContext(), inputs);
  expect(reduced.metrics.values).toMatchObject({ dimensions: 8, fid: expect.any(Number) });
  expect(reduced.metrics.values).toMatchObject({ fidLow: null, fidHigh: null });
});

test('one image is too few for anything', async () => {
  const one = randomImages([1, 1, 1, 3], 'one');
  const context = fakeContext();
  const { metrics } = await stage({ extractor: 'pixels', allowFewSamples: true }).run(context, {
    generated: one,
    reference: a,
    features: undefined,
  });
  expect(metrics.values).toMatchObject({ fid: null, fidPlugIn: null, kid: null });
  expect(context.warnings.join()).toContain('give more images');
  expect(context.warnings.join()).not.toContain('look at KID');
});

test('tells how many images KID took, and why an interval is left out', async () => {
  const run = async (count: number, options: object = {}) => {
    const context = fakeContext();
    const { metrics } = await stage({ extractor: 'pixels', ...options }).run(context, {
      generated: randomImages([count, 2, 2, 3], 'some'),
      reference: randomImages([200, 2, 2, 3], 'more'),
      features: undefined,
    });
    return { values: metrics.values, reasons: metrics.reasons, warnings: context.warnings };
  };
  const few = await run(40);
  expect(few.values).toMatchObject({ kidLow: null, kidHigh: null, fidLow: null, fidHigh: null });
  expect(few.values['kid']).toEqual(expect.any(Number));
  expect(few.warnings[0]).toContain('The interval of FID needs at least');
  expect(few.reasons).toMatchObject({ fidLow: few.warnings[0], kidHigh: few.warnings[1] });
  expect(few.warnings[1]).toContain('The interval of KID needs at least 50 images of each set');
  const enough = await run(120, { dimensions: 3, kidImages: 60 });
  expect(enough.values).toMatchObject({ kidGeneratedImages: 60, kidReferenceImages: 60 });
  expect(enough.values).toMatchObject({ generatedImages: 120, referenceImages: 200 });
  expect(enough).toMatchObject({ warnings: [], reasons: undefined });
  expect(enough.values['fidHigh']).toEqual(expect.any(Number));
});

test('images without gradient are left out of either set, and without others there is no distance', async () => {
  const measure = async (changes: { generated?: Images; reference?: Images }) => {
    const context = fakeContext();
    const inputs = { generated: b, reference: a, features: tinyAnn, ...changes };
    const { metrics } = await stage({ resamples: 500 }).run(context, inputs);
    return { ...metrics, warnings: context.warnings };
  };
  /** The set and as many images again, which no gradient shaped. */
  const diluted = (images: Images): Images => {
    const count = images.shape[0];
    const noise = randomImages(images.shape, 'unshaped');
    return {
      ...images,
      shape: [2 * count, 1, 1, 3],
      pixels: Float32Array.of(...images.pixels, ...noise.pixels),
      labels: Int32Array.of(...images.labels, ...noise.labels),
      withoutGradient: Uint8Array.from({ length: 2 * count }, (_, i) => (i < count ? 0 : 1)),
    };
  };
  const alone = await measure({ generated: darker });
  const mixed = await measure({ generated: diluted(darker) });
  expect(mixed.values).toEqual({ ...alone.values, withoutGradient: 50 });
  expect(alone.values['withoutGradient']).toBe(0);
  expect(mixed.warnings).toEqual([
    'There was no gradient for 50 of 100 images: the distance leaves them out.',
  ]);
  const reference = await measure({ reference: diluted(a) });
  expect(reference.values).toEqual({ ...(await measure({})).values, withoutGradient: 60 });

  const none = await measure({ generated: { ...b, withoutGradient: new Uint8Array(50).fill(1) } });
  expect(none.values).toMatchObject({ fid: null, fidPlugIn: null, kid: null, withoutGradient: 50 });
  expect(none.values).toMatchObject({ generatedImages: 0, referenceImages: 60 });
  // Tables find every figure that they ask for.
  expect(Object.keys(none.values).sort()).toEqual(Object.keys(alone.values).sort());
  for (const [name, value] of Object.entries(none.values)) {
    if (value === null) expect(none.reasons![name]).toContain('no evidence');
  }
  expect(none.warnings).toEqual([
    'There was no gradient for 50 of 50 images: the distance is left empty.',
  ]);
});

test('sets of one and the same image are at no distance, without doubt', async () => {
  const alike = (count: number) => {
    const images = randomImages([count, 1, 1, 3], 'alike');
    return { ...images, pixels: images.pixels.map(() => 0.5) };
  };
  const { metrics } = await stage({ extractor: 'pixels' }).run(fakeContext(), {
    generated: alike(60),
    reference: alike(70),
    features: undefined,
  });
  for (const name of ['fid', 'fidPlugIn', 'fidHigh', 'kid', 'kidLow', 'kidHigh']) {
    expect(metrics.values[name]).toBeCloseTo(0, 10);
  }
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
