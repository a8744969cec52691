import { expect, test } from 'vitest';

import { openCache } from '../cache/open.js';
import { pipeline, workspace, type Workspace } from '../testing/workspace.js';
import { explainStage } from './why.js';

async function explain(at: Workspace, stage: string, [from, to]: readonly [string, string]) {
  expect(pipeline).toContain(from);
  at.write('edited.yaml', pipeline.replace(from, to));
  const cache = openCache(at.file('cache'));
  const plan = await at.plan('edited.yaml');
  const explained = await explainStage(plan, stage, cache.results, await cache.maintenance.list());
  return explained.map(({ node, status, differences, waitsFor }) => ({
    stage: node.stage,
    status,
    differences,
    waitsFor: waitsFor.map((each) => each.stage),
  }));
}

const toDo = (stage: string, part: string, here: unknown, there: unknown) => ({
  stage,
  status: 'to do',
  differences: [{ part, here, there }],
  waitsFor: [],
});

const scaled = [
  'images: images } }\n  encrypt',
  'images: images }, options: { scale: 2 } }\n  encrypt',
] as const;

test('an option, a seed and another connection are named with both values', async () => {
  const at = workspace({ 'x.yaml': pipeline });
  const { manifest } = await at.run('x.yaml');
  const [, split] = ['', 'split: test, count: 5'];
  expect(await explain(at, 'convert', scaled)).toEqual([toDo('convert', 'options.scale', 2, 0.7)]);
  expect(await explain(at, 'test', ['split: test', split])).toEqual([
    toDo('test', 'options.count', 5, 4),
  ]);
  expect(await explain(at, 'ann', ['seed: 1', 'seed: 2'])).toEqual([toDo('ann', 'rootSeed', 2, 1)]);
  const digestOf = (stage: string) =>
    manifest.stages.find((each) => each.stage === stage)!.outputs['images'];
  expect(
    await explain(at, 'convert', [
      'ann: ann, images: images } }\n  enc',
      'ann: ann, images: test } }\n  enc',
    ]),
  ).toEqual([toDo('convert', 'inputs.images', digestOf('test'), digestOf('images'))]);
});

test('what is in the cache is said to be, and what waits says for what', async () => {
  const at = workspace({ 'x.yaml': pipeline });
  await at.run('x.yaml');
  expect(await explain(at, 'encrypt', ['seed: 1', 'seed: 1'])).toMatchObject([
    { stage: 'encrypt', status: 'cached', differences: [] },
  ]);
  expect(await explain(at, 'encrypt', scaled)).toMatchObject([
    { stage: 'convert', status: 'to do' },
    { stage: 'encrypt', status: 'waits', waitsFor: ['convert'] },
  ]);
});

test('an empty cache has nothing to compare with', async () => {
  const at = workspace();
  expect(await explain(at, 'ann', ['seed: 1', 'seed: 1'])).toEqual([
    { stage: 'ann', status: 'to do', differences: [], waitsFor: [] },
  ]);
});

test('a file that a stage reads is named as such', async () => {
  const at = workspace({ 'w.json': '[1, 2]' });
  const edit = [
    'ann: { use: fake-ann }',
    'ann: { use: fake-ann, options: { file: w.json } }',
  ] as const;
  at.write('x.yaml', pipeline.replace(...edit));
  await at.run('x.yaml');
  at.write('w.json', '[3, 4]');
  expect(await explain(at, 'ann', edit)).toEqual([toDo('ann', 'fingerprint', '[3, 4]', '[1, 2]')]);
});
