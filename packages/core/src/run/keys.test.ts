import { expect, test } from 'vitest';

import type { RunSummary } from './run.js';
import { fakePlugin, pipeline, workspace, type Workspace } from '../testing/workspace.js';

const keysOf = ({ manifest }: RunSummary) =>
  new Map(manifest.stages.map(({ stage, jobs, key }) => [`${stage} ${jobs.join()}`, key]));
const outputsOf = ({ manifest }: RunSummary) =>
  new Map(manifest.stages.map(({ stage, jobs, outputs }) => [`${stage} ${jobs[0]}`, outputs]));

function edited(at: Workspace, from: string, to: string): string {
  expect(pipeline).toContain(from);
  at.write('edited.yaml', pipeline.replace(from, to));
  return 'edited.yaml';
}

test("adding a stage changes no other stage's key or numbers", async () => {
  const at = workspace({ 'x.yaml': pipeline });
  const before = await at.run('x.yaml');
  const file = edited(
    at,
    'stages:\n',
    'stages:\n  more: { use: fake-images, options: { count: 9 } }\n',
  );
  const after = await at.run(file, { useCache: false });
  expect(keysOf(after)).toEqual(keysOf(before));
  expect(outputsOf(after)).toEqual(outputsOf(before));
});

test("adding a job changes no other job's keys or numbers", async () => {
  const at = workspace({ 'x.yaml': pipeline });
  const before = await at.run('x.yaml');
  at.write(
    'more.yaml',
    pipeline
      .replace('[DC, DC + CET]', '[ANN only, DC, DC + CET]')
      .replace('[convert, encrypt]', '[other, convert, encrypt]')
      .replace(
        'stages:\n',
        'stages:\n  other: { use: fake-converter, inputs: { ann: ann, images: images }, options: { scale: 2 } }\n',
      ),
  );
  const after = await at.run('more.yaml', { useCache: false });
  for (const job of ['DC', 'DC + CET']) {
    const find = (summary: RunSummary) =>
      summary.manifest.stages
        .filter(({ jobs }) => jobs.includes(job))
        .map(({ stage, key, outputs }) => [stage, key, outputs]);
    expect(new Map(find(after).map((one) => [one[0], one]))).toEqual(
      new Map(find(before).map((one) => [one[0], one])),
    );
  }
});

test.each([
  ['the seed', 'seed: 1', 'seed: 2', 9],
  [
    'an option in the middle',
    'images: images } }\n  encrypt',
    'images: images }, options: { scale: 2 } }\n  encrypt',
    6,
  ],
  ['an option at the end', 'split: test', 'split: test, count: 5', 3],
  ['nothing but the order', '[DC, DC + CET]', '["DC", "DC + CET"]', 0],
])('%s decides what is computed again', async (_, from, to, computed) => {
  const at = workspace({ 'x.yaml': pipeline });
  await at.run('x.yaml');
  const again = await at.run(edited(at, from, to));
  expect(again.computed).toBe(computed);
});

test('a file that a stage reads counts by its content', async () => {
  const at = workspace({ 'weights.json': '[1, 2]' });
  const file = edited(
    at,
    'ann: { use: fake-ann }',
    'ann: { use: fake-ann, options: { file: weights.json } }',
  );
  await at.run(file);
  expect((await at.run(file)).computed).toBe(0);
  at.write('weights.json', '[3, 4]');
  expect((await at.run(file)).computed).toBeGreaterThan(0);
});

test('equal outputs end the recomputation early', async () => {
  const at = workspace({ 'weights.json': '[1, 2]' });
  const file = edited(
    at,
    'ann: { use: fake-ann }',
    'ann: { use: fake-ann, options: { file: weights.json } }',
  );
  await at.run(file);
  at.write('weights.json', '[1,2]');
  expect((await at.run(file)).computed).toBe(1);
});

const lineage = `name: lineage
seed: 1
plugins: ["${fakePlugin}"]
matrix:
  name: "\${images}"
  product:
    images: [real, made]
stages:
  real: { use: fake-images }
  ann: { use: fake-ann, inputs: { images: real } }
  made: { use: fake-generator, inputs: { ann: ann } }
  convert: { use: fake-converter, inputs: { ann: ann, images: "\${images}.images" } }
  leaks: { use: fake-lineage, inputs: { network: convert } }
`;

test('what a stage reads of its ancestors counts, even where its inputs are equal', async () => {
  const at = workspace({ 'x.yaml': lineage });
  const names: unknown[] = [];
  const { jobs, manifest } = await at.run('x.yaml', {
    observers: [
      (event) => {
        if (event.type === 'record') names.push(event.data['names']);
      },
    ],
  });
  // The fake converter takes nothing from the images: both networks are equal to the last byte.
  const networks = manifest.stages.filter(({ stage }) => stage === 'convert');
  expect(new Set(networks.map(({ outputs }) => outputs['snn'])).size).toBe(1);
  const datasets = jobs.map(async ({ stages }) => stages['leaks']!.outputs['metrics']!.load());
  expect(await Promise.all(datasets)).toMatchObject([
    { values: { datasets: 1 } },
    { values: { datasets: 0 } },
  ]);
  expect(names[1]).toEqual([
    { stage: 'convert', kind: 'converter', use: 'fake-converter' },
    { stage: 'ann', kind: 'model', use: 'fake-ann' },
    { stage: 'made', kind: 'generator', use: 'fake-generator' },
  ]);
  expect((await at.run('x.yaml')).computed).toBe(0);
});

test('a stage that reads ancestors without saying so is refused', async () => {
  const at = workspace({ 'x.yaml': lineage.replace('fake-lineage', 'fake-undeclared') });
  await expect(at.run('x.yaml')).rejects.toMatchObject({ code: 'ANCESTORS_UNDECLARED' });
});
