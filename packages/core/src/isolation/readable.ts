import { realpathSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';

import { codeFolder, importedCode } from '../plugins/code-digest.js';
import { entryFile, locatePackage, packageOf, type PackageLocation } from '../plugins/locate.js';
import { tooWide, unusablePath } from '../errors/templates/isolation.js';
import type { IsolatedProgram } from './isolation.js';
import { linksOn } from './links.js';

/** The code of a plugin package: what its digest counts, and the packages that it declares. */
export function packageReadable(location: PackageLocation): string[] {
  const { folder, manifest } = location;
  const entry = entryFile(location);
  const own = codeFolder(location);
  const { files, packages } = importedCode(entry);
  const names = [...packages, ...dependenciesOf(manifest)];
  const read = [join(folder, 'package.json'), ...(own === undefined ? files : [own])];
  return [...read, ...packageFolders(names, folder)];
}

/** The code of a single file: itself, what it imports by relative paths, and the packages that these name. */
export function fileReadable(file: string): string[] {
  const { files, packages } = importedCode(file);
  const scope = packageOf(file);
  return [
    ...files,
    // It says how Node is to read the files.
    ...(scope ? [join(scope.folder, 'package.json')] : []),
    ...packageFolders(packages, dirname(file)),
  ];
}

/** The code of the program that an isolated process runs. */
export function programReadable({ entry, packages }: IsolatedProgram): string[] {
  return [...fileReadable(entry), ...packageFolders(packages, dirname(entry))];
}

/** The folders of packages, as they are found from a folder, and of all that they depend on. */
function packageFolders(
  names: readonly string[],
  from: string,
  seen = new Set<string>(),
): string[] {
  return names.flatMap((name) => {
    const location = locatePackage(name, from);
    if (!location) return [];
    const { found, folder, manifest } = location;
    if (seen.has(found)) return [];
    seen.add(found);
    const inner = packageFolders(dependenciesOf(manifest), folder, seen);
    return [...linksOn(found), folder, ...inner];
  });
}

function dependenciesOf({ dependencies, peerDependencies }: PackageLocation['manifest']): string[] {
  return Object.keys({ ...dependencies, ...peerDependencies });
}

/**
 * Refuses what would let an isolated process read more than code.
 *
 * @throws UserError ISOLATION_TOO_WIDE where one of the folders holds a closed one; ISOLATION_PATH where a path has
 *   a character that has another meaning to Node
 */
export function assertReadable(
  plugin: string,
  readable: readonly string[],
  closed: readonly string[],
): void {
  for (const path of readable) {
    if (/[*,]/.test(path)) throw unusablePath(plugin, path);
    const real = realPath(path);
    const inside = closed.find((folder) => `${realPath(folder)}${sep}`.startsWith(`${real}${sep}`));
    if (inside !== undefined) throw tooWide(plugin, path, inside);
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // Not there yet.
    return path;
  }
}
