import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { exitCode, formatError, openCache, runExperiment } from '@privatesnn/core';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { openPlan, type OpenOptions } from './open.js';

/** What a beginner's first file looks like; every case spoils one thing in it. */
const sound = `name: first
plugins:
  - "@privatesnn/plugins-data"
  - "@privatesnn/plugins-models"
  - "@privatesnn/plugins-converters"
  - "@privatesnn/plugins-metrics"
profiles:
  desk: { stages: { test: { options: { limit: 10 } } } }
stages:
  test:
    use: mnist
    options: { split: test, limit: 20 }
  ann: { use: pretrained, options: { model: mnist-vgg5 } }
  convert:
    use: threshold-balancing
    inputs: { ann: ann, images: test }
    options: { timeSteps: 4 }
  accuracy:
    use: accuracy
    inputs: { network: convert.snn, images: test }
`;

let folder: string;
let home: string;

beforeAll(() => {
  home = process.cwd();
  folder = mkdtempSync(join(tmpdir(), 'privatesnn-bad-'));
  process.chdir(folder);
});

afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true, force: true });
});

/** What the command shows for a file, and its exit code; a sound one is run. */
async function screen(text: string, options: Partial<OpenOptions> = {}, file = 'first.yaml') {
  writeFileSync('first.yaml', text);
  try {
    const plan = await openPlan(file, { overrides: [], ...options });
    await runExperiment(plan, { cache: openCache('cache') });
    return 'no error';
  } catch (error) {
    const shown = formatError(error, { colour: false, columns: 80 });
    expect(shown.split('\n').length).toBeLessThan(24);
    // A path is never broken.
    const lines = shown.split('\n').filter((line) => !line.includes('/'));
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    return `\n${shown.replaceAll(folder, '…')}\nexit code ${exitCode(error)}\n`;
  }
}

test('the file that the cases spoil is sound', async () => {
  expect(await screen(sound)).toBe('no error');
});

const option = (text: string): [string, string] => ['timeSteps: 4', text];

test.each<[string, [from: string, to: string], Partial<OpenOptions>?]>([
  ['a misspelt key', ['stages:\n  test', 'stags:\n  test']],
  ['a misspelt stage of a plugin', ['use: threshold-balancing', 'use: threshold-balancng']],
  ['a misspelt stage of the file', ['convert.snn', 'convrt.snn']],
  ['a misspelt output', ['convert.snn', 'convert.snm']],
  ['a misspelt input', ['inputs: { network:', 'inputs: { netwrk:']],
  ['a misspelt option', option('timestep: 4')],
  ['a misspelt plugin', ['plugins-converters', 'plugins-convertors']],
  ['a plugin that is not declared', ['  - "@privatesnn/plugins-converters"\n', '']],
  ['a misspelt embedded model', ['mnist-vgg5', 'mnist-vgg6']],
  ['a text for a number', option('timeSteps: four')],
  ['a number for a text', ['split: test', 'split: 1']],
  ['T = 0', option('timeSteps: 0')],
  ['a threshold scale of 0', option('timeSteps: 4, scale: 0')],
  ['a leak above 1', option('timeSteps: 4, leak: 1.5')],
  ['a missing input', ['{ ann: ann, images: test }', '{ ann: ann }']],
  ['an artefact of the wrong type', ['network: convert.snn', 'network: test.images']],
  ['broken YAML', ['{ ann: ann, images: test }', '{ ann: ann, images: test']],
  ['several mistakes at once', ['split: test, limit: 20', 'splt: test, limit: -1']],
  ['a misspelt override', ['', ''], { overrides: ['convert.timeStep=8'] }],
  ['an override without a value', ['', ''], { overrides: ['convert.timeSteps'] }],
  ['a misspelt profile', ['', ''], { profile: 'dsk' }],
  ['a seed that is none', ['', ''], { seed: 'lucky' }],
])('%s', async (_, [from, to], options = {}) => {
  expect(sound).toContain(from);
  const shown = await screen(sound.replace(from, to), options);
  // Stages come and go.
  expect(shown.replace(/Known stages: .*? more\./s, 'Known stages: …')).toMatchSnapshot();
});

test('a misspelt file', async () => {
  expect(await screen(sound, {}, 'frist.yaml')).toMatchSnapshot();
});

test('a folder that has no MNIST', async () => {
  const text = sound.replace('limit: 20', 'source: files, path: nowhere');
  expect(await screen(text)).toMatchSnapshot();
});

test('images of another shape than the network takes', async () => {
  // Ten pictures in the layout of CIFAR-10: a label and 32 × 32 pixels in three planes.
  const rows = Uint8Array.from({ length: 10 * 3073 }, (_, at) => (at % 3073 === 0 ? at / 3073 : 0));
  mkdirSync('batches');
  writeFileSync('batches/test_batch.bin', rows);
  const text = sound.replace(
    'ann: { use: pretrained, options: { model: mnist-vgg5 } }',
    `other: { use: cifar10, options: { path: batches, split: test } }
  ann: { use: pretrained, options: { model: mnist-vgg5 } }`,
  );
  expect(
    await screen(text.replace('images: test }\n    options', 'images: other }\n    options')),
  ).toMatchSnapshot();
});

test('a damaged cache is not used, and stays as it is', async () => {
  await screen(sound);
  const [object] = readdirSync('cache/objects', { recursive: true, encoding: 'utf8' })
    .map((name) => join('cache/objects', name))
    .filter((name) => statSync(name).isFile() && statSync(name).size > 9_999);
  appendFileSync(object!, 'x');
  const before = statSync(object!);
  const shown = (await screen(sound))
    .replace(/objects\/\S+/, 'objects/…')
    .replace(/have\s\d+\s+bytes\s+and\s+has\s+\d+\.\s+It/, 'have N\nbytes and has N. It');
  expect(shown).toMatchSnapshot();
  expect(statSync(object!)).toEqual(before);
});
