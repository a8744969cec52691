import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname } from 'node:path';

import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';

import { locatePackage } from '../plugins/locate.js';
import { workspace, type Workspace } from '../testing/workspace.js';
import { distinctPaths, linksOn } from './links.js';
import { assertReadable, fileReadable, packageReadable } from './readable.js';

const manifest = (more: object = {}) => JSON.stringify({ name: 'x', version: '1.0.0', ...more });

function link(at: Workspace, from: string, to: string): string {
  mkdirSync(dirname(at.file(from)), { recursive: true });
  symlinkSync(at.file(to), at.file(from));
  return at.file(from);
}

const files = {
  'exp/x.yaml': '',
  'exp/data/secret': '',
  'exp/package.json': manifest(),
  'exp/attack.js': "import { a } from './part.js';\nimport b from 'dep/sub';\nimport 'node:fs';",
  'exp/part.js': "export { a } from '@scope/own';",
  'exp/other.js': '',
  'exp/node_modules/dep/package.json': manifest({ peerDependencies: { deeper: '*' } }),
  'exp/node_modules/deeper/package.json': manifest({ dependencies: { dep: '*' } }),
  'exp/node_modules/unused/package.json': manifest(),
  'exp/node_modules/@scope/own/package.json': manifest(),
};

test('a file may read itself, what it imports, and the packages behind that', () => {
  const at = workspace(files);
  const own = ['attack.js', 'part.js', 'package.json'];
  const packages = ['dep', 'deeper', '@scope/own'].map((name) => `node_modules/${name}`);
  expect(fileReadable(at.file('exp/attack.js')).sort()).toEqual(
    [...own, ...packages].map((name) => at.file(`exp/${name}`)).sort(),
  );
});

test('a package may read its folder of code, not what lies beside that', () => {
  const at = workspace({
    ...files,
    'exp/node_modules/plugin/package.json': manifest({
      exports: './src/index.js',
      dependencies: { deeper: '*' },
    }),
    'exp/node_modules/plugin/src/index.js': '',
    'exp/node_modules/plugin/runs/x/manifest.json': '',
  });
  const location = locatePackage('plugin', at.file('exp'))!;
  expect(packageReadable(location).sort()).toEqual(
    ['deeper', 'dep', 'plugin/package.json', 'plugin/src']
      .map((name) => at.file(`exp/node_modules/${name}`))
      .sort(),
  );
});

test('a linked package may be read through each of its links', () => {
  const at = workspace({ 'store/dep/package.json': manifest(), 'exp/a.js': "import 'dep';" });
  const second = link(at, 'store/node_modules/dep', 'store/dep');
  const first = link(at, 'exp/node_modules/dep', 'store/node_modules/dep');
  expect(linksOn(first)).toEqual([first, second]);
  expect(fileReadable(at.file('exp/a.js'))).toEqual(
    expect.arrayContaining([first, second, at.file('store/dep')]),
  );
});

test('what holds a closed folder, or has another meaning to Node, is refused', () => {
  const at = workspace(files);
  const readable = [at.file('exp/node_modules/dep')];
  const closed = (folder: string) => () => assertReadable('p', readable, [at.file(folder)]);
  expect(closed('exp')).not.toThrow();
  expect(closed('exp/node_modules/dep')).toThrow(/would have to read/);
  expect(closed('exp/node_modules/dep/cache')).toThrow(/would have to read/);
  expect(closed('exp/node_modules/de')).not.toThrow();
  for (const path of ['/x/*', '/a,b']) {
    expect(() => assertReadable('p', [path], [])).toThrow(/cannot allow the reading/);
  }
});

test('links whose names begin others are allowed by the folder in which they lie', () => {
  const at = workspace({ 'a/package.json': '', 'b/package.json': '' });
  const [zod, extra] = [link(at, 'node_modules/zod', 'a'), link(at, 'node_modules/zod-extra', 'b')];
  expect([...distinctPaths([zod, extra, at.file('a')])].sort()).toEqual(
    [at.file('a'), at.file('node_modules')].sort(),
  );
  expect(distinctPaths([extra, at.file('a')])).toEqual([extra, at.file('a')]);
});

const path = fc
  .array(fc.constantFrom('a', 'ab', 'b', 'b-c'), { minLength: 1, maxLength: 4 })
  .map((parts) => `/privatesnn-nowhere/${parts.join('/')}`);

property.prop([fc.array(path)])(
  'what is left allows what was asked for, and each once',
  (paths) => {
    const left = distinctPaths(paths);
    for (const one of paths) {
      expect(left.filter((other) => one === other || one.startsWith(`${other}/`))).toHaveLength(1);
    }
    for (const one of left) expect(paths).toContain(one);
  },
);
