import { mkdirSync, symlinkSync } from 'node:fs';

import { expect, test } from 'vitest';

import { workspace } from '../testing/workspace.js';
import { isTrusted, samePlugin } from './trust.js';

const manifest = (more: object = {}) => JSON.stringify({ name: 'x', version: '1.0.0', ...more });

/** A program with a plugin, and a folder with experiments beside which there is another package of that name. */
function installed() {
  return workspace({
    'program/package.json': manifest({ dependencies: { '@privatesnn/data': '1.0.0' } }),
    'program/node_modules/@privatesnn/data/package.json': manifest(),
    'program/node_modules/@privatesnn/other/package.json': manifest(),
    'theirs/node_modules/@privatesnn/data/package.json': manifest(),
    'theirs/node_modules/a-plugin/package.json': manifest(),
    'mine/x.yaml': '',
  });
}

test('only what the program depends on, in its own copy, is trusted unasked', () => {
  const at = installed();
  const trusted = (name: string, folder: string) =>
    isTrusted(name, at.file(folder), at.file('program/dist'), []);
  expect(trusted('@privatesnn/data', 'mine')).toBe(true);
  expect(trusted('@privatesnn/data', 'theirs')).toBe(false);
  expect(trusted('@privatesnn/other', 'program')).toBe(false);
  expect(trusted('a-plugin', 'theirs')).toBe(false);
  expect(trusted('./data.js', 'mine')).toBe(false);
  // A link to the program's copy is the program's copy.
  mkdirSync(at.file('mine/node_modules/@privatesnn'), { recursive: true });
  symlinkSync(
    at.file('program/node_modules/@privatesnn/data'),
    at.file('mine/node_modules/@privatesnn/data'),
  );
  expect(trusted('@privatesnn/data', 'mine')).toBe(true);
});

test('what is trusted by name is trusted, and nothing that only looks like it', () => {
  const at = installed();
  const trusted = (name: string, trust: string) =>
    isTrusted(name, at.file('theirs'), at.file('program/dist'), [trust]);
  expect(trusted('a-plugin', 'a-plugin')).toBe(true);
  expect(trusted('a-plugin', 'a-plugi')).toBe(false);
  expect(trusted('@privatesnn/data', '@privatesnn/data')).toBe(true);
  expect(trusted('./a.js', './b/../a.js')).toBe(true);
  expect(trusted('./a.js', at.file('theirs/a.js'))).toBe(true);
  expect(trusted('./a.js', 'a.js')).toBe(false);
  expect(samePlugin('./a', '../a', '/x')).toBe(false);
});
