import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { UserError, type Place } from '../contracts/error.js';
import { pluginApi, type Plugin } from '../contracts/plugin.js';
import { throwErrors, UserErrorList } from '../errors/error-list.js';
import { nearestFile } from '../errors/nearest-file.js';
import {
  badDefinition,
  badPluginName,
  duplicateId,
  notAPlugin,
  pluginFailed,
  pluginFileNotFound,
  pluginNotBuilt,
  pluginNotFound,
  secondTensorflow,
  wrongApi,
} from '../errors/templates/plugins.js';
import { deniedWhileLoading } from '../errors/templates/isolation.js';
import { guarded } from '../errors/stray.js';
import type { IsolatedPlugin, Isolation, Target } from '../isolation/isolation.js';
import { assertReadable, fileReadable, packageReadable } from '../isolation/readable.js';
import { isTrusted } from '../isolation/trust.js';
import { fileCodeDigest, packageCodeDigest } from './code-digest.js';
import { pluginFaults, type Fault } from './contract.js';
import { asPlugin, isLocal } from './local.js';
import { entryFile, locatePackage } from './locate.js';

/** A plugin with where it comes from. */
export interface LoadedPlugin {
  /** The package's name, or the path of a local file as the experiment file writes it. */
  readonly name: string;
  readonly version: string;
  readonly codeDigest: string;
  /** Its definitions; where it is isolated, what stands for them. */
  readonly plugin: Plugin;
  /** How its code runs, where it has no rights and is never imported here. */
  readonly isolated?: IsolatedPlugin;
}

export interface PluginSearch {
  /** The experiment's folder: local paths start here, packages are looked for from here first. */
  readonly folder: string;
  /** A folder of the program itself: bundled plugins are found from here. */
  readonly moduleBase: string;
  /** Given, the code of plugins that are not trusted is never imported in this process. */
  readonly isolation?: Isolation | undefined;
}

const tensorflow = '@tensorflow/tfjs-core';

/**
 * Imports one plugin, or has an isolated process import it, and checks it against the contract.
 *
 * @throws UserError when it is missing, no plugin, made for another api, or breaks the contract
 */
export async function loadPlugin(
  name: string,
  place: Place,
  search: PluginSearch,
): Promise<LoadedPlugin> {
  // A path with a NUL is none to the file system, and makes its functions throw.
  if (name.includes('\0')) throw badPluginName(name, place);
  try {
    return await (isLocal(name) ? loadLocal : loadPackage)(name, place, search);
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw pluginFailed(name, name, thrown, place);
    if (thrown instanceof UserErrorList || thrown.place) throw thrown;
    const { errorClass, code, message, hint, cause } = thrown;
    throw new UserError(errorClass, code, message, {
      place,
      cause,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

async function loadPackage(
  name: string,
  place: Place,
  search: PluginSearch,
): Promise<LoadedPlugin> {
  const { folder, moduleBase } = search;
  const location = locatePackage(name, folder) ?? locatePackage(name, moduleBase);
  if (!location) throw pluginNotFound(name, installedPlugins([folder, moduleBase]), place);
  const declared = location.manifest.privatesnn;
  if (declared?.plugin !== true) {
    throw notAPlugin(name, join(location.folder, 'package.json'), pluginApi, place);
  }
  if (declared.api !== pluginApi) throw wrongApi(name, pluginApi, declared.api, place);
  const theirs = locatePackage(tensorflow, location.folder)?.folder;
  const ours = locatePackage(tensorflow, moduleBase)?.folder;
  if (theirs !== undefined && ours !== undefined && theirs !== ours) {
    throw secondTensorflow(name, theirs, ours, place);
  }
  const entry = entryFile(location);
  if (!isFile(entry)) throw pluginNotBuilt(name, entry, place);
  const target = { name, file: entry, local: false };
  const codeDigest = packageCodeDigest(location);
  return {
    name,
    version: location.manifest.version ?? '0.0.0',
    codeDigest,
    ...(await imported(target, () => packageReadable(location), codeDigest, place, search)),
  };
}

async function loadLocal(name: string, place: Place, search: PluginSearch): Promise<LoadedPlugin> {
  const path = resolve(search.folder, name);
  if (!isFile(path)) throw pluginFileNotFound(name, nearestFile(path), place);
  // As Node sees it: a permission is for a real path.
  const file = search.isolation ? realpathSync(path) : path;
  const target = { name, file, local: true };
  const codeDigest = fileCodeDigest(file);
  return {
    name,
    version: '0.0.0',
    codeDigest,
    ...(await imported(target, () => fileReadable(file), codeDigest, place, search)),
  };
}

/** The definitions of a plugin: imported, or described by an isolated process. */
async function imported(
  target: Target,
  readable: () => readonly string[],
  codeDigest: string,
  place: Place,
  { folder, moduleBase, isolation }: PluginSearch,
): Promise<Pick<LoadedPlugin, 'plugin' | 'isolated'>> {
  const { name, file, local } = target;
  if (!isolation || isTrusted(name, folder, moduleBase, isolation.trust)) {
    const exported = await importDefault(file, name, place);
    return { plugin: checked(name, file, local ? asPlugin(name, exported) : exported, place) };
  }
  const { program } = isolation;
  const isolated = { target, readable: readable(), program, codeDigest };
  assertReadable(name, isolated.readable, [folder, ...program.closed]);
  const { proxyPlugin, ToldError } = await import('../isolation/proxy.js');
  let proxy: unknown;
  try {
    proxy = proxyPlugin(isolated, place);
  } catch (error) {
    if (!(error instanceof ToldError)) throw error;
    throw (
      deniedWhileLoading(name, error.told, place) ?? pluginFailed(name, file, error.told, place)
    );
  }
  return { plugin: checked(name, file, proxy, place), isolated };
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    // It is not there, or its path is too long or leads through a file.
    return false;
  }
}

async function importDefault(file: string, name: string, place: Place): Promise<unknown> {
  try {
    const module = (await guarded(
      { name: `The plugin "${name}"`, place },
      () => import(pathToFileURL(file).href),
    )) as { default?: unknown };
    return module.default;
  } catch (error) {
    throw pluginFailed(name, file, error, place);
  }
}

function checked(name: string, file: string, value: unknown, place: Place): Plugin {
  let faults: Fault[];
  try {
    faults = pluginFaults(value);
  } catch (error) {
    // A getter of a definition that throws.
    throw pluginFailed(name, file, error, place);
  }
  throwErrors(faults.map((fault) => badDefinition(name, file, fault, place)));
  const plugin = value as Plugin;
  for (const declared of [plugin.stages ?? [], plugin.reporters ?? [], plugin.launchers ?? []]) {
    const ids = new Set<string>();
    for (const { id } of declared) {
      if (ids.has(id)) throw duplicateId(name, id, place);
      ids.add(id);
    }
  }
  return plugin;
}

function isPlugin(name: string, folder: string): boolean {
  try {
    return locatePackage(name, folder)?.manifest.privatesnn?.plugin === true;
  } catch {
    // Its package.json is none.
    return false;
  }
}

/** Names of the packages that lie beside the program and call themselves plugins; for suggestions. */
export function installedPlugins(folders: readonly string[]): string[] {
  const names = new Set<string>();
  for (const start of folders) {
    for (let folder = resolve(start); ; folder = dirname(folder)) {
      for (const scope of ['@privatesnn', '.']) {
        const place = resolve(folder, 'node_modules', scope);
        for (const entry of existsSync(place) ? readdirSync(place) : []) {
          const name = scope === '.' ? entry : `${scope}/${entry}`;
          if (entry.startsWith('.') || entry.startsWith('@')) continue;
          if (scope === '.' && !entry.includes('privatesnn')) continue;
          if (isPlugin(name, folder)) names.add(name);
        }
      }
      if (dirname(folder) === folder) break;
    }
  }
  return [...names].sort();
}
