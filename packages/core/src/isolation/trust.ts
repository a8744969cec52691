import { resolve } from 'node:path';

import { isLocal } from '../plugins/local.js';
import { locatePackage, packageOf } from '../plugins/locate.js';

/**
 * Whether a plugin may have the user's rights: one that the program itself depends on, in the program's own copy, or one
 * that the user trusts by name.
 *
 * @param folder the experiment's folder: paths start here
 * @param moduleBase a folder of the program
 */
export function isTrusted(
  name: string,
  folder: string,
  moduleBase: string,
  trust: readonly string[],
): boolean {
  if (trust.some((trusted) => samePlugin(trusted, name, folder))) return true;
  if (isLocal(name)) return false;
  const own = packageOf(resolve(moduleBase, 'file'))?.manifest.dependencies ?? {};
  if (!Object.hasOwn(own, name)) return false;
  const found = locatePackage(name, folder) ?? locatePackage(name, moduleBase);
  return found !== undefined && found.folder === locatePackage(name, moduleBase)?.folder;
}

/** Whether two names, of packages or paths, mean the same plugin. */
export function samePlugin(a: string, b: string, folder: string): boolean {
  if (a === b) return true;
  return isLocal(a) && isLocal(b) && resolve(folder, a) === resolve(folder, b);
}
