import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createTensorRuntime } from '@privatesnn/runtime-tfjs';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { randomImages } from '../testing/fixtures.js';
import { inceptionFeatures } from './inception.js';

const extraction = { batch: 2, signal: new AbortController().signal, onProgress: () => {} };
const converter = '@tensorflow/tfjs-converter';
const present = await import(converter).then(
  () => true,
  () => false,
);

/** A graph that gives relu(w · x) for each pixel: [images, 299, 299, 3]. */
const graph = {
  modelTopology: {
    node: [
      { name: 'x', op: 'Placeholder', attr: { dtype: { type: 'DT_FLOAT' } } },
      { name: 'w', op: 'Const', attr: { dtype: { type: 'DT_FLOAT' } } },
      { name: 'product', op: 'Mul', input: ['x', 'w'], attr: { T: { type: 'DT_FLOAT' } } },
      { name: 'features', op: 'Relu', input: ['product'], attr: { T: { type: 'DT_FLOAT' } } },
    ],
    library: {},
    versions: { producer: 1 },
  },
  weightsManifest: [
    { paths: ['w.bin'], weights: [{ name: 'w', shape: [3], dtype: 'float32' as const }] },
  ],
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'privatesnn-graph-'));
  await writeFile(join(folder, 'model.json'), JSON.stringify(graph));
  await writeFile(join(folder, 'w.bin'), new Uint8Array(Float32Array.from([2, -1, 0]).buffer));
});
afterAll(() => rm(folder, { recursive: true }));

test.runIf(present)('a graph model from disk: grey images, averaged over the pixels', async () => {
  const runtime = await createTensorRuntime({ prefer: 'embedded' });
  // Constant images: 1 becomes 1 in [-1, 1], and 0 becomes -1.
  const images = {
    ...randomImages([3, 2, 2, 1], 'constant'),
    pixels: Uint8Array.from([1, 0, 1].flatMap((value) => Array(4).fill(255 * value))),
    range: [0, 255] as const,
  };
  const features = await inceptionFeatures(runtime, folder, undefined, images, extraction);
  expect(features.rows).toBe(3);
  expect(features.columns).toBe(3);
  [2, 0, 0, 0, 1, 0, 2, 0, 0].forEach((value, i) => expect(features.data[i]).toBeCloseTo(value, 4));
});
