import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { stringify } from 'yaml';

import { fakePlugin, pipeline, workspace } from '../testing/workspace.js';
import type { Plan } from './plan.js';
import { planToYaml } from './yaml.js';

/** What a plan does, without where it was read from. */
const shape = ({ name, seeds, jobs, nodes }: Plan) => ({
  name,
  seeds,
  jobs: jobs.map((job) => [job.name, job.axes, job.needed.map(({ id }) => id)]),
  nodes: nodes.map(({ id, options }) => [id, options]),
});

const experiment = fc.record({
  seed: fc.oneof(fc.nat(), fc.uniqueArray(fc.nat(), { minLength: 1, maxLength: 3 })),
  counts: fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 }),
  splits: fc.uniqueArray(fc.constantFrom('train', 'test'), { minLength: 1 }),
  steps: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
});

test.prop([experiment], { numRuns: 25 })('YAML → plan → YAML → plan is stable', async (drawn) => {
  const at = workspace();
  const plugin = fakePlugin;
  at.write(
    'x.yaml',
    stringify({
      name: 'x',
      seed: drawn.seed,
      plugins: [plugin],
      matrix: { product: { count: drawn.counts, split: drawn.splits } },
      stages: {
        data: { use: 'fake-images', options: { count: '${count}', split: '${split}' } },
        ann: { use: 'fake-ann', inputs: { images: 'data' } },
        dc: { use: 'fake-converter', inputs: { ann: 'ann', images: 'data.images' } },
        cet: {
          use: 'fake-trainer',
          inputs: { snn: 'dc', images: 'data' },
          ...(drawn.steps === undefined ? {} : { options: { steps: drawn.steps } }),
        },
        metric: { use: 'fake-accuracy', inputs: { network: 'cet.snn', images: 'data' } },
      },
    }),
  );
  const plan = await at.plan('x.yaml');
  const yaml = planToYaml(plan, at.folder);
  writeFileSync(join(at.folder, 'again.yaml'), yaml);
  const again = await at.plan('again.yaml');
  expect(shape(again)).toEqual(shape(plan));
  expect(planToYaml(again, at.folder)).toBe(yaml);
});

test('bases, profiles, overrides and defaults are written out', async () => {
  const at = workspace({
    'base.yaml': `${pipeline}profiles: { desk: { seed: 7, stages: { encrypt: { options: { steps: 3 } } } } }\n`,
    'x.yaml': 'extends: ./base.yaml\nname: longer\nprofile: desk\n',
  });
  const plan = await at.plan('x.yaml', { overrides: ['images.count=5'] });
  const yaml = planToYaml(plan, at.folder);
  expect(yaml).toContain('seed: 7');
  expect(yaml).toContain('steps: 3');
  expect(yaml).toContain('count: 5');
  expect(yaml).toContain('timeSteps: 100');
  expect(yaml).not.toMatch(/extends|profile/);
  at.write('again.yaml', yaml);
  expect(shape(await at.plan('again.yaml'))).toEqual(shape(plan));
});
