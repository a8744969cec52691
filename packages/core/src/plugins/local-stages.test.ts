import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { workspace } from '../testing/workspace.js';

const zod = pathToFileURL(join(import.meta.dirname, '../../../../node_modules/zod/index.js')).href;

const twoStages = `
import { z } from '${zod}';
const stage = (id) => ({
  kind: 'dataset', id, version: 1, summary: 'x', options: z.strictObject({}), inputs: {},
  outputs: { images: { type: 'images', description: 'x' } }, dependencies: {},
  create: () => ({ run: async () => ({}) }),
});
export default { name: 'two', stages: [stage('bars'), stage('stripes')] };
`;

function plan(use: string) {
  const at = workspace({
    'two.js': twoStages,
    'x.yaml': `name: x\nstages: { data: { use: ${use} } }\n`,
  });
  return at.plan('x.yaml');
}

test('one of several stages of a local file is named by path and id', async () => {
  const { nodes } = await plan('./two.js/bars');
  expect(nodes.map(({ declared }) => declared.qualified)).toEqual(['./two.js/bars']);
});

test('without an id the error lists what can be written', async () => {
  await expect(plan('./two.js')).rejects.toMatchObject({
    code: 'AMBIGUOUS_USE',
    hint: 'Write one of "./two.js/bars", "./two.js/stripes".',
  });
});

test('a misspelt id is an error with the nearest one', async () => {
  await expect(plan('./two.js/bar')).rejects.toMatchObject({
    code: 'UNKNOWN_USE',
    hint: 'Did you mean "./two.js/bars"?',
  });
});
