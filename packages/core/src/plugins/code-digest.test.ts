import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { packageCodeDigest } from './code-digest.js';
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
