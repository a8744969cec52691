import { createHash, type Hash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

import { locatePackage, entryFile, type PackageLocation } from './locate.js';

const known = new Map<string, string>();
const codeFile = /\.(?:js|mjs|cjs|ts|mts|cts|wasm|node|json)$/;
const noCode = /(?:\.d\.[mc]?ts|\.test\.[mc]?[jt]s)$/;

/**
 * Digest of a package's code, part of the cache key of its stages: its version and its files under `dist` or
 * `src`, whichever its entry lies in, else its entry and what that imports by relative paths. A dependency or
 * peer dependency that is linked from a workspace counts with its code, for it changes without its version; an
 * installed one with its version. `@privatesnn/core` is left out: see `coreCodeDigest`.
 */
export function packageCodeDigest(location: PackageLocation): string {
  const { folder, manifest } = location;
  const before = known.get(folder);
  if (before !== undefined) return before;
  known.set(folder, 'in a cycle');
  const hash = createHash('sha256');
  hash.update(JSON.stringify([manifest.name, manifest.version]));
  const top = relative(folder, entryFile(location)).split(sep)[0] ?? '';
  if (top === 'dist' || top === 'src') addFolder(hash, folder, join(folder, top));
  else hash.update(fileCodeDigest(entryFile(location)));
  const dependencies = { ...manifest.dependencies, ...manifest.peerDependencies };
  for (const name of Object.keys(dependencies).sort()) {
    if (name === '@privatesnn/core') continue;
    const dependency = locatePackage(name, folder);
    if (!dependency) continue;
    const installed = dependency.folder.split(sep).includes('node_modules');
    const identity = installed ? dependency.manifest.version : packageCodeDigest(dependency);
    hash.update(JSON.stringify([name, identity]));
  }
  const digest = hash.digest('hex');
  known.set(folder, digest);
  return digest;
}

/** The folders of core with code that stages compute with: what is drawn, and what images and networks are. */
const computing = ['contracts', 'random'] as const;

/**
 * Digest of the code of core that computes, part of every cache key. Planning, running and storing do not count: they
 * change no result.
 *
 * @param root core's own sources, or what they were built to
 */
export function coreCodeDigest(root = dirname(import.meta.dirname)): string {
  const before = known.get(root);
  if (before !== undefined) return before;
  const hash = createHash('sha256');
  for (const folder of computing) addFolder(hash, root, join(root, folder));
  const digest = hash.digest('hex');
  known.set(root, digest);
  return digest;
}

/** Digest of a single file and of the files that it imports by relative paths. */
export function fileCodeDigest(file: string): string {
  const before = known.get(file);
  if (before !== undefined) return before;
  const hash = createHash('sha256');
  const pending = [resolve(file)];
  const seen = new Set(pending);
  for (let at = 0; at < pending.length; at++) {
    const path = pending[at]!;
    const text = readFileSync(path, 'utf8');
    hash.update(JSON.stringify([relative(dirname(file), path), text]));
    for (const [, specifier] of text.matchAll(
      /(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g,
    )) {
      const imported = resolve(dirname(path), specifier!);
      if (!seen.has(imported) && statSync(imported, { throwIfNoEntry: false })?.isFile()) {
        seen.add(imported);
        pending.push(imported);
      }
    }
  }
  const digest = hash.digest('hex');
  known.set(file, digest);
  return digest;
}

function addFolder(hash: Hash, root: string, folder: string): void {
  const entries = readdirSync(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) addFolder(hash, root, path);
    else if (codeFile.test(entry.name) && !noCode.test(entry.name)) addFile(hash, root, path);
  }
}

function addFile(hash: Hash, root: string, path: string): void {
  const content = readFileSync(path);
  hash.update(JSON.stringify([relative(root, path).split(sep).join('/'), content.length]));
  hash.update(content);
}
