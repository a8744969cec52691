import { expect, test } from 'vitest';

import { fakePlugin, workspace } from '../testing/workspace.js';
import type { RunSummary } from './run.js';

const grid = `name: grid
plugins: ["${fakePlugin}"]
matrix: { product: { scale: [1, 2, 3, 4, 5, 6] } }
stages:
  data: { use: fake-images }
  ann: { use: fake-ann }
  dc: { use: fake-converter, inputs: { ann: ann, images: data }, options: { scale: "\${scale}" } }
  cet: { use: fake-trainer, inputs: { snn: dc, images: data }, options: { steps: 2, milliseconds: 100 } }
`;

test('two runs of the same grid at once share its work, and both have all results', async () => {
  const at = workspace({ 'x.yaml': grid });
  const [one, two] = await Promise.all([at.run('x.yaml'), at.run('x.yaml')]);
  const outputs = ({ manifest }: RunSummary) =>
    manifest.stages.map(({ stage, jobs, key, outputs }) => ({ stage, jobs, key, outputs }));
  expect(outputs(one)).toEqual(outputs(two));
  expect(one.manifest.stages).toHaveLength(14);
  expect(one.computed + two.computed).toBe(14);
  // Neither waits for what the other does while there is something else.
  expect(Math.min(one.computed, two.computed)).toBeGreaterThanOrEqual(3);
});
