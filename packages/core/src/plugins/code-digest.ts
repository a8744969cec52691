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
  const top = codeFolder(location);
  if (top !== undefined) addFolder(hash, folder, top);
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
  for (const path of importedCode(file).files) {
    hash.update(JSON.stringify([relative(dirname(file), path), readFileSync(path, 'utf8')]));
  }
  const digest = hash.digest('hex');
  known.set(file, digest);
  return digest;
}

/** What a file is made of: itself and the files that it imports by relative paths, and the packages that these name. */
export function importedCode(file: string): {
  readonly files: readonly string[];
  readonly packages: readonly string[];
} {
  const files = [resolve(file)];
  const packages = new Set<string>();
  for (let at = 0; at < files.length; at++) {
    const path = files[at]!;
    const text = readFileSync(path, 'utf8');
    for (const [, specifier] of text.matchAll(/(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)) {
      if (!/^\.{1,2}\//.test(specifier!)) {
        const name = /^(?:@[^/]+\/)?[^/:]+(?=\/|$)/.exec(specifier!)?.[0];
        if (name !== undefined) packages.add(name);
        continue;
      }
      const imported = resolve(dirname(path), specifier!);
      if (files.includes(imported)) continue;
      if (statSync(imported, { throwIfNoEntry: false })?.isFile()) files.push(imported);
    }
  }
  return { files, packages: [...packages] };
}

/** The folder that holds a package's code, `dist` or `src`, where its entry lies in one. */
export function codeFolder(location: PackageLocation): string | undefined {
  const { folder } = location;
  const top = relative(folder, entryFile(location)).split(sep)[0] ?? '';
  return top === 'dist' || top === 'src' ? join(folder, top) : undefined;
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
