import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

import { expect, test } from 'vitest';

import { installedPlugins } from '@privatesnn/core';

/** What loading all bundled plugins may load besides: small libraries. */
const light = ['zod', 'yaml', 'pure-rand', 'jsonc-parser', 'pngjs', 'protobufjs'];

/** Imports the bundled plugins in a process that prints which packages it loads. */
function packagesLoaded(): string[] {
  const hooks = `
    export async function resolve(specifier, context, next) {
      const found = await next(specifier, context);
      const [, name] = /node_modules\\/((?:@[^/]+\\/)?[^/]+)\\/(?!.*node_modules)/.exec(found.url) ?? [];
      if (name) process._rawDebug('package ' + name);
      return found;
    }`;
  const register = `import { register } from 'node:module';
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hooks)}));`;
  const loader = resolve(import.meta.dirname, '../../core/src/testing/typescript-loader.js');
  const names = installedPlugins([import.meta.dirname]);
  expect(names).toContain('@privatesnn/plugins-models');
  const { stderr, status } = spawnSync(
    process.execPath,
    [
      '--conditions=@privatesnn/source',
      '--import',
      loader,
      '--import',
      `data:text/javascript,${encodeURIComponent(register)}`,
      '--input-type=module',
      '-e',
      names.map((name) => `await import(${JSON.stringify(name)});`).join('\n'),
    ],
    { encoding: 'utf8', cwd: import.meta.dirname },
  );
  expect(status, stderr).toBe(0);
  return [...new Set([...stderr.matchAll(/^package (.+)$/gm)].map(([, name]) => name!))];
}

test('plugins load no heavy library before a stage works: every command imports them', () => {
  // TypeScript is what the loader of this test needs.
  const others = packagesLoaded().filter((name) => ![...light, 'typescript'].includes(name));
  expect(others).toEqual([]);
});
