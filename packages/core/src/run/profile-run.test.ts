import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import type { AnyService } from '../contracts/plugin.js';
import { fakePlugin, pipeline, workspace } from '../testing/workspace.js';
import type { RunProfile } from './profile.js';

const experiment = (more = '') => `name: x
plugins: ["${fakePlugin}"]
stages:
  data: { use: fake-images }
  one: { use: fake-service, inputs: { images: data } }
${more}`;

/** Tells of work when it is created. */
const counter: AnyService = {
  token: { name: 'counter', description: 'counts' },
  identity: () => Promise.resolve('v1'),
  create(_, { threads, profiler }) {
    profiler?.add({
      part: 'making',
      pass: 'all',
      seconds: threads * 1e-9,
      elapsed: 1e-9,
      calls: 1,
    });
    return Promise.resolve({ made: 1 });
  },
};
const profileIn = (folder: string) =>
  JSON.parse(readFileSync(join(folder, 'profile.json'), 'utf8')) as RunProfile;
const shown = ({ stages }: RunProfile) =>
  stages.map(({ stage, status, rows }) => [stage, status, ...rows.map(({ part }) => part)]);

test('a profiled run tells what services told, and what came from the cache', async () => {
  const at = workspace({ 'x.yaml': experiment() });
  const printed: string[] = [];
  const print = (text: string) => void printed.push(text);
  const first = await at.run('x.yaml', { profiled: true, print }, [counter]);
  expect(shown(profileIn(first.folder))).toEqual([
    ['data', 'computed', 'other'],
    ['one', 'computed', 'making', 'other'],
  ]);
  expect(printed.at(-1)).toMatch(/^one \(fake-service\) {2}\d+\.\d\d s$/m);
  expect(readFileSync(join(first.folder, 'profile.md'), 'utf8')).toContain('| making | all | 1 |');

  const again = await at.run('x.yaml', { profiled: true, print }, [counter]);
  expect(shown(profileIn(again.folder))).toEqual([
    ['data', 'cached'],
    ['one', 'cached'],
  ]);
  expect(printed.at(-1)).toContain('2 stages from the cache');
});

test('keys and digests are those of a run without profile, which has no such file', async () => {
  const [one, two] = [workspace({ 'x.yaml': pipeline }), workspace({ 'x.yaml': pipeline })];
  const profiled = await one.run('x.yaml', { profiled: true });
  const plain = await two.run('x.yaml');
  const results = ({ manifest }: typeof plain) =>
    manifest.stages.map(({ stage, key, outputs }) => [stage, key, outputs]);
  expect(results(profiled)).toEqual(results(plain));
  expect(() => profileIn(plain.folder)).toThrow('ENOENT');
  // A plain run takes what a profiled one has stored.
  expect((await one.run('x.yaml')).cached).toBe(9);
});

test('a run that fails tells what is known', async () => {
  const failing = '  bad: { use: fake-failure, inputs: { images: data } }\n';
  const at = workspace({ 'x.yaml': experiment(failing) });
  let folder = '';
  const observers = [
    (event: { type: string; folder?: string }) => void (folder ||= event.folder ?? ''),
  ];
  const printed: string[] = [];
  const print = (text: string) => void printed.push(text);
  await expect(
    at.run('x.yaml', { profiled: true, observers, print }, [counter]),
  ).rejects.toMatchObject({ code: 'STAGE_FAILED' });
  expect(shown(profileIn(folder))).toContainEqual(['bad', 'failed', 'other']);
  expect(printed.at(-1)).toMatch(/^bad \(fake-failure\) .* s, failed$/m);
});

test('a run that was gone on with tells of both parts', async () => {
  const at = workspace();
  const options = `{ how: once, file: ${at.file('pid')} }`;
  at.write(
    'x.yaml',
    experiment(`  bad: { use: fake-failure, inputs: { images: data }, options: ${options} }\n`),
  );
  await expect(at.run('x.yaml', { profiled: true }, [counter])).rejects.toThrow();
  const [folder] = readdirSync(at.file('runs'));
  const resume = at.file(`runs/${folder}`);
  await at.run('x.yaml', { profiled: true, resume }, [counter]);
  expect(shown(profileIn(resume)).sort()).toEqual([
    ['bad', 'computed', 'other'],
    ['data', 'computed', 'other'],
    ['one', 'computed', 'making', 'other'],
  ]);
});
