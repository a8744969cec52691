import { appendFile, cp, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createTensorRuntime } from '@privatesnn/runtime-tfjs';
import { digestOf, fakeContext, runStageContract, testStream, tinyAnn } from '@privatesnn/testkit';

import { initialise } from './initialise.js';
import { pretrained } from './pretrained.js';
import { embeddedModelFile, embeddedModels } from './read-model.js';
import { writeSafetensors } from './safetensors/write.js';
import { saveAnn } from './save-ann.js';
import { vgg } from './vgg.js';

const runtime = await createTensorRuntime({ prefer: 'embedded', threads: 1 });

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'privatesnn-models-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

async function load(options: Record<string, unknown>) {
  const context = fakeContext({ folder });
  const instance = pretrained.create({ runtime }, pretrained.options.parse(options));
  const fingerprint = await instance.fingerprint!(context);
  const { ann } = await instance.run(context, {});
  return { ann, context, fingerprint };
}

async function save(options: Record<string, unknown> = {}, ann = tinyAnn()) {
  const instance = saveAnn.create({}, saveAnn.options.parse(options));
  return (await instance.run(fakeContext({ folder }), { ann })).file;
}

runStageContract(pretrained, { options: { model: 'mnist-vgg5' } });
runStageContract(saveAnn, {
  inputs: { ann: tinyAnn() },
  context: () => ({ folder }),
});

describe('pretrained and save-ann', () => {
  it('give back the same network with F32', async () => {
    const { values } = await save({ path: 'a/net.safetensors' });
    expect(values['parameters']).toBe(36 + 36 * 3);
    const { ann, context } = await load({ path: 'a/net.safetensors' });
    expect(digestOf(ann)).toBe(digestOf(tinyAnn()));
    expect(context.warnings).toEqual([]);
  });

  it('keep the statistics of batch normalisation', async () => {
    const statistics = {
      conv1: { mean: Float32Array.of(1, -1, 0.5, 2), variance: Float32Array.of(1, 2, 3, 4) },
    };
    await save({ path: 'norm.safetensors' }, { ...tinyAnn(), statistics });
    const { ann, context } = await load({ path: 'norm.safetensors' });
    expect(ann.statistics).toEqual(statistics);
    expect(ann.parameters).toEqual(tinyAnn().parameters);
    expect(context.warnings).toEqual([]);
  });

  it.each(embeddedModels)('the embedded %s loads, and is its file', async (model) => {
    const { ann } = await load({ model });
    expect(ann.architecture).toMatchObject({ inputShape: [28, 28, 1], classes: 10 });
    const bytes = await readFile(embeddedModelFile(model));
    expect(Buffer.from(writeSafetensors(ann.parameters, 'F16', { format: 'privatesnn' }))).toEqual(
      bytes,
    );
  });

  it('have fingerprints of the content', async () => {
    await save({ path: 'one/x.safetensors' });
    await save({ path: 'two/y.safetensors' });
    const one = await load({ path: 'one/x.safetensors' });
    const two = await load({ path: 'two/y.safetensors' });
    expect(one.fingerprint).toBe(two.fingerprint);
    await save({ path: 'two/y.safetensors' }, tinyAnn({ seed: 1 }));
    expect((await load({ path: 'two/y.safetensors' })).fingerprint).not.toBe(one.fingerprint);
  });

  it('take the description from the options, or from YAML beside the file, options first', async () => {
    const architecture = vgg('vgg5', { inputShape: [8, 8, 1], classes: 3, width: 0.05, hidden: 4 });
    const parameters = initialise(architecture, testStream('x'));
    const path = join(folder, 'v.safetensors');
    await writeFile(
      path,
      writeSafetensors({ ...parameters, spare: parameters['fc2.weight']! }, 'F32'),
    );
    const description = { architecture: 'vgg5', inputShape: [8, 8, 1], width: 0.05, hidden: 4 };
    await expect(load({ path, ...description })).rejects.toMatchObject({
      code: 'MODEL_DESCRIPTION',
      message: `The weights in ${path} do not say what network they belong to: "classes" missing.`,
    });
    const { ann, context } = await load({ path, ...description, classNames: ['a', 'b', 'c'] });
    expect(digestOf(ann.parameters)).toBe(digestOf(parameters));
    expect(context.warnings).toEqual([
      expect.stringMatching(/which pixel range v.safetensors was trained on: \[-1, 1\] is taken/),
      `${path} holds tensors that VGG5 does not take: spare.`,
    ]);
    await writeFile(
      join(folder, 'v.yaml'),
      'architecture: vgg5\ninputShape: [8, 8, 1]\nclasses: 3\nwidth: 0.05\nhidden: 4\ninputRange: [0, 1]\n',
    );
    expect((await load({ path })).ann).toMatchObject({
      inputRange: [0, 1],
      classNames: ['0', '1', '2'],
    });
    expect((await load({ path, inputRange: [0, 2] })).ann.inputRange).toEqual([0, 2]);
    await expect(load({ path, classNames: ['a'] })).rejects.toMatchObject({ code: 'CLASS_COUNT' });
    const poolOf = async (pooling?: string) =>
      (await load({ path, ...(pooling ? { pooling } : {}) })).ann.architecture.layers[1]!.kind;
    expect(await poolOf()).toBe('average-pool');
    expect(await poolOf('max')).toBe('max-pool');
    await appendFile(join(folder, 'v.yaml'), 'pooling: max\n');
    expect(await poolOf()).toBe('max-pool');
    expect(await poolOf('average')).toBe('average-pool');
    await writeFile(join(folder, 'v.yaml'), 'architecure: vgg5\n');
    await expect(load({ path })).rejects.toMatchObject({
      code: 'MODEL_DESCRIPTION',
      message: expect.stringMatching(
        /v.yaml does not .* Line 1, column 1: .*architecure/,
      ) as string,
      place: { file: join(folder, 'v.yaml'), line: 1, column: 1 },
    });
    await writeFile(join(folder, 'v.yaml'), 'architecture: vgg5\nwidth: -1\npooling: min\n');
    await expect(load({ path })).rejects.toThrow(
      /Line 2, column 8: .*width.* Line 3, column 10: .*pooling/,
    );
  });

  it('refuse a truncated file, a missing one, and no or two sources', async () => {
    await cp(embeddedModelFile('mnist-vgg5'), join(folder, 'm.safetensors'));
    await truncate(join(folder, 'm.safetensors'), 1000);
    await expect(load({ path: 'm.safetensors' })).rejects.toMatchObject({
      code: 'MODEL_FILE_CORRUPT',
    });
    await expect(load({ path: 'm.safetensor' })).rejects.toMatchObject({
      code: 'MODEL_FILE_MISSING',
      option: 'path',
      hint: 'Did you mean "m.safetensors"?',
    });
    for (const options of [{}, { path: 'x', model: 'mnist-vgg5' }]) {
      const [mistake] = pretrained.check!(pretrained.options.parse(options), new Set());
      expect(mistake).toMatchObject({ code: 'MODEL_SOURCE' });
    }
    expect(() => saveAnn.options.parse({ path: 'model.json' })).toThrow('.safetensors');
  });
});
