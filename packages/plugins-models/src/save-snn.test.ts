import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Snn } from '@privatesnn/core';
import { createTensorRuntime } from '@privatesnn/runtime-tfjs';
import {
  arbitraryGraphSnn,
  digestOf,
  fakeContext,
  runStageContract,
  tinyAnn,
  tinySnn,
} from '@privatesnn/testkit';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { pretrainedSnn } from './pretrained-snn.js';
import { pretrained } from './pretrained.js';
import { saveAnn } from './save-ann.js';
import { saveSnn } from './save-snn.js';

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'privatesnn-snn-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

const save = (snn: Snn = tinySnn(), options: Record<string, unknown> = {}) =>
  saveSnn.create({}, saveSnn.options.parse(options)).run(fakeContext({ folder }), { snn });
const load = async (options: Record<string, unknown> = {}) => {
  const stage = pretrainedSnn.create({}, pretrainedSnn.options.parse(options));
  await stage.fingerprint!(fakeContext({ folder }));
  return (await stage.run(fakeContext({ folder }), {})).snn;
};

runStageContract(saveSnn, { inputs: { snn: tinySnn() }, context: () => ({ folder }) });
runStageContract(pretrainedSnn, {
  context: async () => {
    await save();
    return { folder };
  },
});

/** Numbers of any size, which decimal digits must bring back. */
const positive = fc.double({ min: Number.MIN_VALUE, noNaN: true, noDefaultInfinity: true });
const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const adaptive = fc.record({
  kind: fc.constant('adaptive' as const),
  rest: positive,
  growth: positive,
  ...{ thresholdDecay: unit, refractoryDecay: unit, currentDecay: unit, membraneDecay: unit },
});

/** Any graph with neurons of any kind and thresholds that are no round numbers. */
const networks = arbitraryGraphSnn({ signed: true, probes: true, potentials: true }).chain((snn) =>
  fc
    .record({
      factor: positive.filter((value) => value > 1e-300 && value < 1e300),
      neuron: fc.oneof(fc.constant(snn.neuron), adaptive),
      readout: fc.record({
        kind: fc.constantFrom('sum', 'mean', 'fitted', 'filtered'),
        scale: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
      }),
      after: fc.option(fc.nat(snn.timeSteps - 1), { nil: undefined }),
      weights: fc.float({ noNaN: true, noDefaultInfinity: true }),
      names: fc.constant(snn.classNames.map((name) => `${name} "ü" \\ 鳥 🐦`)),
    })
    .map(({ factor, neuron, readout: read, after, weights, names }): Snn => {
      const readout = read.kind === 'filtered' || after === undefined ? read : { ...read, after };
      const thresholds = Object.entries(snn.thresholds).map(([name, θ]) => [name, θ * factor]);
      const parameters = structuredClone(snn.parameters);
      for (const { data } of Object.values(parameters)) data[0] = weights;
      const { initialPotentials, ...rest } = snn;
      return {
        ...rest,
        // Adaptive neurons have none.
        ...(neuron.kind === 'adaptive' ? {} : { initialPotentials: initialPotentials! }),
        ...{ neuron, readout, parameters, classNames: names },
        thresholds: Object.fromEntries(thresholds) as Record<string, number>,
      };
    }),
);

describe('save-snn and pretrained-snn', () => {
  it('give back any network, every bit of it', async () => {
    await fc.assert(
      fc.asyncProperty(networks, async (snn) => {
        const { values } = (await save(snn)).file;
        const loaded = await load();
        expect(digestOf(loaded)).toBe(digestOf(snn));
        const count = Object.values(snn.parameters).reduce((n, { data }) => n + data.length, 0);
        expect(values['parameters']).toBe(count);
      }),
      { numRuns: 60 },
    );
  });

  it('replace their own files, and leave nothing else behind', async () => {
    await save();
    await save(tinySnn({ seed: 1 }), {});
    expect((await readdir(folder)).sort()).toEqual(['snn.json', 'snn.safetensors']);
    expect(digestOf(await load())).toBe(digestOf(tinySnn({ seed: 1 })));
  });
});

const saveTinyAnn = (path: string) =>
  saveAnn
    .create({}, saveAnn.options.parse({ path }))
    .run(fakeContext({ folder }), { ann: tinyAnn() });

it.each([
  ['snn.safetensors', () => writeFile(join(folder, 'snn.safetensors'), 'no weights')],
  ['snn.json', () => writeFile(join(folder, 'snn.json'), '{ "mine": true }')],
  ['snn.safetensors', () => saveTinyAnn('snn.safetensors')],
])('does not touch a foreign %s unless told to (%#)', async (name, make) => {
  await make();
  const before = await readFile(join(folder, name));
  await expect(save()).rejects.toMatchObject({ code: 'FILE_NOT_OWN' });
  expect(await readFile(join(folder, name))).toEqual(before);
  await save(tinySnn(), { overwrite: true });
  await save();
});

it('save-ann does not take a spiking network for its own', async () => {
  await save();
  await expect(saveTinyAnn('snn.safetensors')).rejects.toMatchObject({ code: 'FILE_NOT_OWN' });
});

it('tells whether its files are there, as they were written', async () => {
  const outputs = await save();
  const present = () =>
    saveSnn.create({}, saveSnn.options.parse({})).effectPresent!(
      { resolvePath: (path) => join(folder, path) },
      outputs,
    );
  expect(await present()).toBe(true);
  await writeFile(join(folder, 'snn.json'), '{}');
  expect(await present()).toBe(false);
});

describe('pretrained-snn refuses', () => {
  /** Changes the JSON beside the weights. */
  const edit = async (change: (json: Record<string, unknown>) => void) => {
    await save();
    const file = join(folder, 'snn.json');
    const json = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    change(json);
    await writeFile(file, JSON.stringify(json, null, 2));
  };
  it.each<[string, () => Promise<unknown>, string, RegExp]>([
    ['no file', () => rm(folder, { recursive: true }), 'MODEL_FILE_MISSING', /snn\.safetensors/],
    [
      'weights alone',
      () => save().then(() => rm(join(folder, 'snn.json'))),
      'MODEL_DESCRIPTION',
      /snn\.json, which is not there/,
    ],
    [
      'a cut file',
      () => save().then(() => truncate(join(folder, 'snn.safetensors'), 300)),
      'MODEL_FILE_CORRUPT',
      /snn\.safetensors/,
    ],
    [
      'a network without spikes',
      () => saveTinyAnn('snn.safetensors'),
      'MODEL_DESCRIPTION',
      /does not describe a spiking network/,
    ],
    [
      'no threshold',
      () => edit((json) => (json['thresholds'] = {})),
      'MODEL_DESCRIPTION',
      /Line \d+.*"thresholds.conv1"/,
    ],
    [
      'a threshold of 0',
      () => edit((json) => (json['thresholds'] = { conv1: 0 })),
      'MODEL_DESCRIPTION',
      /"thresholds.conv1"/,
    ],
    [
      'what it does not know',
      () => edit((json) => (json['delay'] = 1)),
      'MODEL_DESCRIPTION',
      /"delay"/,
    ],
    [
      'the weights of another network',
      async () => {
        await save(tinySnn({ classes: 4 }));
        const weights = await readFile(join(folder, 'snn.safetensors'));
        await save();
        await writeFile(join(folder, 'snn.safetensors'), weights);
      },
      'MODEL_DESCRIPTION',
      /fc1.weight.*36 × 3.*36 × 4/,
    ],
  ])('%s', async (_, make, code, message) => {
    await make();
    await expect(load()).rejects.toMatchObject({
      name: 'UserError',
      code,
      option: 'path',
      message: expect.stringMatching(message) as string,
    });
  });
});

it('pretrained says by what a spiking network is loaded', async () => {
  await save();
  const options = pretrained.options.parse({ path: 'snn.safetensors' });
  const runtime = await createTensorRuntime({ prefer: 'embedded', threads: 1 });
  await expect(
    pretrained.create({ runtime }, options).run(fakeContext({ folder }), {}),
  ).rejects.toMatchObject({
    code: 'MODEL_SPIKES',
    hint: expect.stringContaining('pretrained-snn') as string,
  });
});
