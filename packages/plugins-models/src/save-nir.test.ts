import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { fakeContext, tinySnn } from '@privatesnn/testkit';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';

import { saveNir } from './save-nir.js';

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'privatesnn-nir-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

const save = (options: Record<string, unknown> = {}, seed = 0) =>
  saveNir
    .create({}, saveNir.options.parse(options))
    .run(fakeContext({ folder }), { snn: tinySnn({ seed }) });

it('writes the graph, and for a library its loader', async () => {
  await save();
  expect(await readdir(folder)).toEqual(['model.nir']);
  await save({ path: 'own.nir', target: 'norse' });
  expect((await readdir(folder)).sort()).toEqual(['model.nir', 'own.nir', 'own_network.py']);
  const loader = await readFile(join(folder, 'own_network.py'), 'utf8');
  expect(loader).toContain('norse.torch.from_nir');
  expect(loader).toContain('Path(__file__).with_name("own.nir")');
});

it('gives the same bytes at any time, and replaces its own files', async () => {
  const first = await save({ target: 'snntorch' });
  const bytes = await readFile(join(folder, 'model.nir'));
  vi.useFakeTimers({ now: Date.now() + 3_600_000, toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  expect(await save({ target: 'snntorch' })).toEqual(first);
  expect(await readFile(join(folder, 'model.nir'))).toEqual(bytes);
  await save({ target: 'snntorch' }, 1);
  expect(await readFile(join(folder, 'model.nir'))).not.toEqual(bytes);
});

it.each([
  ['model.nir', 'no HDF5'],
  ['model_network.py', 'print("mine")'],
])('does not touch a foreign %s unless told to', async (name, content) => {
  await writeFile(join(folder, name), content);
  await expect(save({ target: 'sinabs' })).rejects.toMatchObject({ code: 'FILE_NOT_OWN' });
  expect(await readdir(folder)).toEqual([name]);
  expect(await readFile(join(folder, name), 'utf8')).toBe(content);
  await save({ target: 'sinabs', overwrite: true });
});

it('tells whether its files are there, as they were written', async () => {
  const options = saveNir.options.parse({ target: 'sinabs' });
  const outputs = await save(options);
  const present = () =>
    saveNir.create({}, options).effectPresent!(
      { resolvePath: (path) => join(folder, path) },
      outputs,
    );
  expect(await present()).toBe(true);
  await writeFile(join(folder, 'model_network.py'), '# changed');
  expect(await present()).toBe(false);
});
