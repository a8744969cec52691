import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { folderWith } from './testing/folder.js';
import { start, startWith } from './testing/start.js';
import { tinyExperiment } from './testing/tiny-experiment.js';

interface Profile {
  readonly stages: readonly {
    readonly stage: string;
    readonly status: string;
    readonly seconds: number;
    readonly rows: readonly { readonly part: string; readonly pass: string }[];
  }[];
}
const profileIn = (folder: string): Profile =>
  JSON.parse(readFileSync(join(folder, 'profile.json'), 'utf8')) as Profile;
const rowsOf = ({ stages }: Profile, name: string) =>
  stages.find(({ stage }) => stage === name)!.rows.map(({ part, pass }) => `${part} ${pass}`);

test('--profile-run shows where the time of each stage goes, and changes no result', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'privatesnn-profile-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'tiny.yaml'), tinyExperiment);
  const run = async (cache: string, ...argv: readonly string[]) => {
    const environment = {
      PRIVATESNN_ENGINE: 'wasm',
      PRIVATESNN_TENSORS: 'embedded',
      PRIVATESNN_CACHE: join(folder, cache),
    };
    const child = startWith(environment, folder, 'run', 'tiny.yaml', '--json', ...argv);
    const { code, stdout, stderr } = await child.ended;
    expect(code, stderr).toBe(0);
    const summary = JSON.parse(stdout) as {
      folder: string;
      stages: { stage: string; key: string; outputs: object }[];
    };
    const results = summary.stages.map(({ stage, key, outputs }) => [stage, key, outputs]);
    return { folder: summary.folder, results, stderr };
  };

  const profiled = await run('one', '--profile-run');
  const profile = profileIn(profiled.folder);
  expect(profile.stages.map(({ status }) => status)).toEqual(Array(12).fill('computed'));
  const layers = ['conv1', 'conv2', 'conv3', 'fc1', 'fc2'];
  expect(rowsOf(profile, 'encrypt')).toEqual(
    expect.arrayContaining([
      ...layers.map((layer) => `${layer} forward`),
      ...layers.map((layer) => `${layer} back`),
      'other ',
    ]),
  );
  expect(rowsOf(profile, 'convert')).toContain('conv2 largest current');
  expect(rowsOf(profile, 'impressions')).toEqual(
    expect.arrayContaining(['network forward', 'network back']),
  );
  expect(profiled.stderr).toContain('where the time went');
  expect(profiled.stderr).toMatch(/^ {2}conv2 +forward +[\d.]+ +\d+ % +[\d.]+ M/m);
  for (const line of profiled.stderr.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  expect(readFileSync(join(profiled.folder, 'profile.md'), 'utf8')).toContain('## encrypt (stbp)');

  const plain = await run('two');
  expect(plain.results).toEqual(profiled.results);
  expect(existsSync(join(plain.folder, 'profile.json'))).toBe(false);

  const cached = await run('one', '--profile-run');
  expect(profileIn(cached.folder).stages.map(({ status }) => status)).toEqual(
    Array(12).fill('cached'),
  );
  expect(cached.stderr).toContain('12 stages from the cache');
}, 60_000);

test('a run that fails shows what is known', async () => {
  const folder = folderWith();
  const file = join(folder, 'x.yaml');
  const text = readFileSync(file, 'utf8');
  writeFileSync(
    file,
    text.replace(
      'reporters:',
      '  bad: { use: fake-failure, inputs: { images: data } }\nreporters:',
    ),
  );
  const { code, stdout } = await start(folder, 'run', 'x.yaml', '--profile-run').ended;
  expect(code).not.toBe(0);
  expect(stdout).toMatch(/^bad \(fake-failure\) {2}\d+\.\d\d s, failed$/m);
  const [run] = readdirSync(join(folder, 'runs'));
  const { stages } = profileIn(join(folder, 'runs', run!));
  expect(stages.find(({ stage }) => stage === 'bad')).toMatchObject({ status: 'failed' });
}, 30_000);
