import { readdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { pipeline, workspace } from '../testing/workspace.js';

test('a run computes every stage once and a second run takes all from the cache', async () => {
  const at = workspace({ 'x.yaml': pipeline });
  const printed: string[] = [];
  const first = await at.run('x.yaml', { print: (text) => printed.push(text) });
  expect(first.manifest.stages.map(({ stage }) => stage)).toEqual([
    'ann',
    'images',
    'convert',
    'attack',
    'test',
    'accuracy',
    'encrypt',
    'attack',
    'accuracy',
  ]);
  expect([first.computed, first.cached]).toEqual([9, 0]);
  expect(first.manifest.status).toBe('finished');
  expect(printed).toEqual(['DC: 0.699999988079071\nDC + CET: 2.700000047683716']);

  const second = await at.run('x.yaml');
  expect([second.computed, second.cached]).toEqual([0, 9]);
  const outputs = (summary: typeof first) => summary.manifest.stages.map((stage) => stage.outputs);
  expect(outputs(second)).toEqual(outputs(first));
  expect(second.folder).not.toBe(first.folder);
  expect(readdirSync(join(first.folder, 'results')).sort()).toEqual(['DC', 'DC_+_CET']);
  expect(readFileSync(join(second.folder, 'report.txt'), 'utf8')).toContain('DC + CET: 2.7');
});

test('the manifest tells how to run it again, and nothing of where its user keeps it', async () => {
  const at = workspace({ 'x.yaml': pipeline });
  const { manifest, folder } = await at.run('x.yaml', { command: 'privatesnn run x.yaml' });
  expect(manifest).toMatchObject({ experiment: 'x.yaml', command: 'privatesnn run x.yaml' });
  const text = readFileSync(join(folder, 'manifest.json'), 'utf8');
  expect(text).not.toContain(at.folder);
  expect(text).not.toContain(hostname());
});
