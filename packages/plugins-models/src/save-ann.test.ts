import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createTensorRuntime } from '@privatesnn/runtime-tfjs';
import { fakeContext, tinyAnn } from '@privatesnn/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { pretrained } from './pretrained.js';
import { writeSafetensors } from './safetensors/write.js';
import { saveAnn } from './save-ann.js';

const runtime = await createTensorRuntime({ prefer: 'embedded', threads: 1 });

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'privatesnn-save-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

const save = (options: Record<string, unknown> = {}, seed = 0) =>
  saveAnn
    .create({}, saveAnn.options.parse(options))
    .run(fakeContext({ folder }), { ann: tinyAnn({ seed }) });

it('keeps the non-linearity of a network without ReLUs, which `pretrained` gives back', async () => {
  const neuron = {
    kind: 'adaptive' as const,
    rest: 0.8,
    growth: 0.1,
    thresholdDecay: 0.9,
    refractoryDecay: Math.exp(-1 / 50),
    currentDecay: 0.98,
    membraneDecay: 0.6,
  };
  const activation = { kind: 'adaptive' as const, neuron, spikeHeight: 6.26 };
  const ann = { ...tinyAnn(), activation };
  await saveAnn.create({}, saveAnn.options.parse({})).run(fakeContext({ folder }), { ann });
  const options = pretrained.options.parse({ path: 'model.safetensors' });
  const loaded = await pretrained.create({ runtime }, options).run(fakeContext({ folder }), {});
  expect(loaded.ann).toEqual(ann);
});

it('replaces its own files, and leaves nothing else behind', async () => {
  await save();
  const before = await readFile(join(folder, 'model.safetensors'));
  await save({}, 1);
  expect(await readFile(join(folder, 'model.safetensors'))).not.toEqual(before);
  expect((await readdir(folder)).sort()).toEqual(['model.json', 'model.safetensors']);
});

it.each([
  ['model.safetensors', 'not a model'],
  ['model.safetensors', writeSafetensors(tinyAnn().parameters, 'F32', { format: 'pt' })],
  ['model.json', '{ "format": "layers-model", "modelTopology": {} }'],
  ['model.json', '{ "architecture": "vgg16", "classes": 10, "inputShape": [32, 32, 3] }'],
  ['model.json', 'not even JSON'],
])('does not touch a foreign %s unless told to (%#)', async (name, content) => {
  const file = join(folder, name);
  await writeFile(file, content);
  await expect(save()).rejects.toMatchObject({
    code: 'FILE_NOT_OWN',
    option: 'path',
    message: expect.stringContaining(file) as string,
    hint: expect.stringContaining('overwrite: true') as string,
  });
  expect(await readdir(folder)).toEqual([name]);
  expect(await readFile(file)).toEqual(Buffer.from(content));
  await save({ overwrite: true });
  await save();
});

it('tells whether its files are there, as they were written', async () => {
  const present = (outputs: Awaited<ReturnType<typeof save>>) =>
    saveAnn.create({}, saveAnn.options.parse({})).effectPresent!(
      { resolvePath: (path) => join(folder, path) },
      outputs,
    );
  const first = await save();
  expect(await present(first)).toBe(true);
  const second = await save({}, 1);
  expect(await present(first)).toBe(false);
  expect(await present(second)).toBe(true);
  await writeFile(join(folder, 'model.json'), '{}');
  expect(await present(second)).toBe(false);
  await save({ overwrite: true }, 1);
  await rm(join(folder, 'model.safetensors'));
  expect(await present(second)).toBe(false);
});
