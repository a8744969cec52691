import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { coreCodeDigest, packageCodeDigest } from './code-digest.js';
import { locatePackage } from './locate.js';

/** The digest of a plugin package with the given files; digests are remembered by folder, so each gets its own. */
function digest(manifest: object, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'privatesnn-digest-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const all = {
    'node_modules/plugin/package.json': JSON.stringify({
      name: 'plugin',
      version: '1.0.0',
      ...manifest,
    }),
    ...files,
  };
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return packageCodeDigest(locatePackage('plugin', folder)!);
}

const plugin = (name: string) => `node_modules/plugin/${name}`;

test.each(['src', 'dist'])('every code file under %s counts, tests do not', (top) => {
  const manifest = { exports: `./${top}/index.js` };
  const of = (stage: string, unitTest: string) =>
    digest(manifest, {
      [plugin(`${top}/index.js`)]: 'export default 1;',
      [plugin(`${top}/stage.js`)]: stage,
      [plugin(`${top}/stage.test.js`)]: unitTest,
    });
  expect(of('a', 'x')).toBe(of('a', 'y'));
  expect(of('a', 'x')).not.toBe(of('b', 'x'));
});

test('an entry elsewhere counts with the files that it imports', () => {
  const of = (stage: string) =>
    digest(
      { exports: './index.js' },
      {
        [plugin('index.js')]: "export { default } from './stage.js';",
        [plugin('stage.js')]: stage,
      },
    );
  expect(of('a')).toBe(of('a'));
  expect(of('a')).not.toBe(of('b'));
});

test.each(['dependencies', 'peerDependencies'])('the versions of %s count', (key) => {
  const of = (version: string) =>
    digest(
      { exports: './index.js', [key]: { other: '*' } },
      {
        [plugin('index.js')]: 'export default 1;',
        'node_modules/other/package.json': JSON.stringify({ name: 'other', version }),
      },
    );
  expect(of('1.0.0')).toBe(of('1.0.0'));
  expect(of('1.0.0')).not.toBe(of('1.0.1'));
});

const core = dirname(import.meta.dirname);

test.each([
  ['contracts/images.ts', true],
  ['contracts/network.ts', true],
  ['random/shuffle.ts', true],
  ['random/stream.ts', true],
  ['run/run.ts', false],
  ['random/stream.test.ts', false],
])('an edit of %s of core changes all keys: %s', (file, changes) => {
  const copy = () => {
    const folder = mkdtempSync(join(tmpdir(), 'privatesnn-core-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    cpSync(core, folder, { recursive: true });
    return folder;
  };
  const edited = copy();
  appendFileSync(join(edited, file), '\n// edited\n');
  expect(coreCodeDigest(copy())).toBe(coreCodeDigest());
  expect(coreCodeDigest(edited) !== coreCodeDigest()).toBe(changes);
});

/** What core exports besides: none of it changes what a stage computes from the same inputs. */
const computesNothing =
  `cache/cache cache/folder-leases cache/lease-keeper cache/lease-watch cache/location cache/codec cache/open
  cache/store cache/write-whole cache/writer cache/canonical config/typed-yaml errors/ files/ isolation/ plan/ plugins/ run/`.split(
    /\s+/,
  );

test('what core exports and computes lies in the folders that keys count', () => {
  const index = readFileSync(join(core, 'index.ts'), 'utf8');
  const others = [...index.matchAll(/from '\.\/([^']+)\.js'/g)]
    .map(([, path]) => path!)
    .filter((path) => !/^(?:contracts|random)\//.test(path))
    .filter((path) => !computesNothing.some((known) => path.startsWith(known)));
  expect(others).toEqual([]);
});
