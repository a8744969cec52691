import { expect, test } from 'vitest';

import { fakePlugin, pipeline, workspace } from '../testing/workspace.js';

const head = `name: x\nseed: 1\nplugins: ["${fakePlugin}"]\n`;

test('jobs share the work that they have in common', async () => {
  const plan = await workspace({ 'x.yaml': pipeline }).plan('x.yaml');
  expect(plan.jobs.map(({ name }) => name)).toEqual(['DC', 'DC + CET']);
  const [dc, cet] = plan.jobs;
  expect(dc!.stages.get('ann')).toBe(cet!.stages.get('ann'));
  expect(dc!.stages.get('attack')).not.toBe(cet!.stages.get('attack'));
});

test('every stage comes after its inputs, and the first job before the second', async () => {
  const { nodes, jobs } = await workspace({ 'x.yaml': pipeline }).plan('x.yaml');
  for (const [at, node] of nodes.entries()) {
    for (const { node: source } of Object.values(node.inputs)) {
      expect(nodes.indexOf(source)).toBeLessThan(at);
    }
  }
  const first = jobs[0]!.needed.length;
  expect(new Set(nodes.slice(0, first))).toEqual(new Set(jobs[0]!.needed));
});

test('stages that no goal needs are checked but not run', async () => {
  const text = `${head}stages:
  data: { use: fake-images }
  spare: { use: fake-images, options: { split: test } }
  ann: { use: fake-ann }
  metric: { use: fake-accuracy, inputs: { network: ann, images: data } }
`;
  const plan = await workspace({ 'x.yaml': text }).plan('x.yaml');
  expect(plan.nodes.map(({ stage }) => stage)).toEqual(['ann', 'data', 'metric']);
  const wrong = workspace({ 'x.yaml': text.replace('split: test', 'split: tst') });
  await expect(wrong.plan('x.yaml')).rejects.toMatchObject({ code: 'WRONG_VALUE' });
});

test('without a metric, an exporter or goals everything runs', async () => {
  const text = `${head}stages: { data: { use: fake-images }, ann: { use: fake-ann } }\n`;
  const plan = await workspace({ 'x.yaml': text }).plan('x.yaml');
  expect(plan.nodes.map(({ stage }) => stage)).toEqual(['data', 'ann']);
});

test('a plain stage name stands for its only output that fits', async () => {
  const text = `${head}stages:
  ann: { use: fake-ann }
  data: { use: fake-images }
  metric: { use: fake-accuracy, inputs: { network: ann, images: data } }
`;
  const plan = await workspace({ 'x.yaml': text }).plan('x.yaml');
  expect(plan.nodes.at(-1)!.inputs['network']!.output).toBe('ann');
});

test('a stage that needs a service that no one provides is an error', async () => {
  const text = `${head}stages:
  data: { use: fake-images }
  metric: { use: fake-service, inputs: { images: data } }
`;
  await expect(workspace({ 'x.yaml': text }).plan('x.yaml')).rejects.toMatchObject({
    code: 'MISSING_SERVICE',
  });
});
