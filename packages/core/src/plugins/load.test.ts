import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { expect, test } from 'vitest';

import { fakePlugin, workspace } from '../testing/workspace.js';
import { loadPlugin } from './load.js';

const place = { file: 'x.yaml', line: 1 };
const zod = pathToFileURL(join(import.meta.dirname, '../../../../node_modules/zod/index.js')).href;

const stageText = (more = '') => `
import { z } from '${zod}';
const stage = {
  kind: 'dataset', id: 'mine', version: 1, summary: 'x', options: z.strictObject({}), inputs: {},
  outputs: { images: { type: 'images', description: 'x' } }, dependencies: {},
  create: () => ({ run: async () => ({}) }), ${more}
};
`;

/** A folder with packages in its node_modules, and a search that starts there. */
function packages(files: Readonly<Record<string, string>>) {
  const at = workspace();
  for (const [name, text] of Object.entries(files)) {
    const file = join(at.folder, 'node_modules', name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  const search = { folder: at.folder, moduleBase: at.folder };
  return { at, load: (name: string) => loadPlugin(name, place, search) };
}

const manifest = (more: object = {}) =>
  JSON.stringify({
    name: 'my-plugin',
    version: '1.2.3',
    type: 'module',
    exports: './dist/index.js',
    privatesnn: { plugin: true, api: 1 },
    ...more,
  });
const index = `${stageText()} export default { name: 'my-plugin', stages: [stage] };`;

test('a package is loaded by its name', async () => {
  const { load } = packages({
    'my-plugin/package.json': manifest(),
    'my-plugin/dist/index.js': index,
  });
  const loaded = await load('my-plugin');
  expect([loaded.name, loaded.version, loaded.plugin.stages!.length]).toEqual([
    'my-plugin',
    '1.2.3',
    1,
  ]);
});

test('the digest of its code changes with any file of it, and with nothing else', async () => {
  const digest = async (files: Record<string, string>) => {
    const all = {
      'my-plugin/package.json': manifest(),
      'my-plugin/dist/index.js': index,
      ...files,
    };
    return (await packages(all).load('my-plugin')).codeDigest;
  };
  const plain = await digest({});
  expect(await digest({})).toBe(plain);
  expect(await digest({ 'my-plugin/README.md': 'text' })).toBe(plain);
  expect(await digest({ 'my-plugin/dist/index.d.ts': 'text' })).toBe(plain);
  expect(await digest({ 'my-plugin/dist/deep/other.js': '1' })).not.toBe(plain);
  expect(await digest({ 'my-plugin/dist/engine.wasm': '1' })).not.toBe(plain);
  expect(await digest({ 'my-plugin/package.json': manifest({ version: '1.2.4' }) })).not.toBe(
    plain,
  );
});

test.each([
  ['UNKNOWN_PLUGIN', {}],
  ['NOT_A_PLUGIN', { 'package.json': manifest({ privatesnn: undefined }) }],
  ['PLUGIN_API', { 'package.json': manifest({ privatesnn: { plugin: true, api: 2 } }) }],
  ['PLUGIN_LOAD', { 'dist/index.js': 'export default {' }],
  ['PLUGIN_LOAD', { 'dist/index.js': 'throw new Error("at load")' }],
  ['PLUGIN_LOAD', { 'package.json': manifest({ exports: './dist/missing.js' }) }],
  ['PLUGIN_CONTRACT', { 'dist/index.js': 'export default 3' }],
  [
    'PLUGIN_CONTRACT',
    { 'dist/index.js': `${stageText('version: 0')} export default { name: 'x', stages: [stage] }` },
  ],
  [
    'PLUGIN_CONTRACT',
    {
      'dist/index.js': `${stageText('kind: "datset"')} export default { name: 'x', stages: [stage] }`,
    },
  ],
  [
    'PLUGIN_CONTRACT',
    { 'dist/index.js': `${stageText()} export default { name: 'x', reporters: [stage] }` },
  ],
  ['PLUGIN_CONTRACT', { 'dist/index.js': `export default { name: 'x', stages: { a: 1 } }` }],
  [
    'DUPLICATE_ID',
    { 'dist/index.js': `${stageText()} export default { name: 'x', stages: [stage, stage] }` },
  ],
])('%s', async (code, changes) => {
  const files: Record<string, string> = {};
  if (code !== 'UNKNOWN_PLUGIN') {
    files['my-plugin/package.json'] = manifest();
    files['my-plugin/dist/index.js'] = index;
    for (const [name, text] of Object.entries(changes)) files[`my-plugin/${name}`] = text!;
  }
  await expect(packages(files).load('my-plugin')).rejects.toMatchObject({
    code,
    errorClass: 'plugin',
    place,
  });
});

test.each([
  [
    { 'package.json': manifest({ privatesnn: undefined }) },
    /"my-plugin" is no plugin: .*my-plugin\/package\.json has no/,
    /add "privatesnn": \{ "plugin": true, "api": 1 \}/,
  ],
  [
    { 'package.json': manifest({ exports: './dist/missing.js' }) },
    /"my-plugin".*entry .*my-plugin\/dist\/missing\.js does not exist/,
    /Build the plugin/,
  ],
  [
    { 'dist/index.js': `${stageText()} export default { name: 'x', reporters: [stage] }` },
    /"my-plugin".*"mine" is of kind dataset and stands under "reporters"/,
    /Move it to "stages".*my-plugin\/dist\/index\.js/,
  ],
  [
    { 'dist/index.js': 'export const plugin = {};' },
    /"my-plugin".*default export is no object/,
    /definePlugin.*my-plugin\/dist\/index\.js/,
  ],
])('what a package says of itself and what it holds differ: %#', async (changes, message, hint) => {
  const { load } = packages({
    'my-plugin/package.json': manifest(),
    'my-plugin/dist/index.js': index,
    ...Object.fromEntries(
      Object.entries(changes).map(([name, text]) => [`my-plugin/${name}`, text]),
    ),
  });
  await expect(load('my-plugin')).rejects.toMatchObject({
    message: expect.stringMatching(message) as string,
    hint: expect.stringMatching(hint) as string,
  });
});

test('a second copy of tfjs-core is an error that names both', async () => {
  const copy = JSON.stringify({ name: '@tensorflow/tfjs-core', version: '4.0.0' });
  const { load } = packages({
    'my-plugin/package.json': manifest(),
    'my-plugin/dist/index.js': index,
    'my-plugin/node_modules/@tensorflow/tfjs-core/package.json': copy,
    '@tensorflow/tfjs-core/package.json': copy,
  });
  await expect(load('my-plugin')).rejects.toMatchObject({ code: 'SECOND_TFJS' });
});

test('a local file is a plugin, or one stage', async () => {
  const { at, load } = packages({});
  at.write('stage.mjs', `${stageText()} export default stage;`);
  expect((await load('./stage.mjs')).plugin.stages![0]!.id).toBe('mine');
  expect((await load(fakePlugin)).plugin.stages!.length).toBeGreaterThan(5);
});

test('the digest of a local file counts what it imports', async () => {
  const digest = async (helper: string) => {
    const { at, load } = packages({});
    at.write('helper.mjs', helper);
    at.write('stage.mjs', `import './helper.mjs'; ${stageText()} export default stage;`);
    return (await load('./stage.mjs')).codeDigest;
  };
  expect(await digest('1')).toBe(await digest('1'));
  expect(await digest('1')).not.toBe(await digest('2'));
});

test('equal stage names of two plugins must be told apart', async () => {
  const at = workspace();
  at.write('one.mjs', `${stageText()} export default { name: 'one', stages: [stage] };`);
  at.write('two.mjs', `${stageText()} export default { name: 'two', stages: [stage] };`);
  at.write('x.yaml', 'name: x\nplugins: [./one.mjs, ./two.mjs]\nstages: { a: { use: mine } }\n');
  at.write(
    'y.yaml',
    'name: y\nplugins: [./one.mjs, ./two.mjs]\nstages: { a: { use: ./two.mjs } }\n',
  );
  await expect(at.plan('x.yaml')).rejects.toMatchObject({
    code: 'AMBIGUOUS_USE',
    hint: 'Write one of "./one.mjs/mine", "./two.mjs/mine".',
  });
  expect((await at.plan('y.yaml')).nodes[0]!.declared.plugin.name).toBe('./two.mjs');
});

test('only what the file declares is imported', async () => {
  const at = workspace();
  at.write('bad.mjs', 'throw new Error("must not be imported")');
  at.write('x.yaml', `name: x\nplugins: ["${fakePlugin}"]\nstages: { a: { use: fake-images } }\n`);
  await expect(at.plan('x.yaml')).resolves.toBeDefined();
});
