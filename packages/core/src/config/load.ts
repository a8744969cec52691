import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';

import type { Place, UserError } from '../contracts/error.js';
import { NotReadable, readOrdinary } from '../files/read-ordinary.js';
import { throwErrors } from '../errors/error-list.js';
import { nearestFile } from '../errors/nearest-file.js';
import { openFilesError } from '../errors/open-files.js';
import {
  extendsCycle,
  extendsTooLong,
  fileIsFolder,
  fileMissing,
  fileNotOrdinary,
  fileTooLarge,
  notAMap,
  unknownProfile,
  wrongValue,
} from '../errors/templates/configuration.js';
import { issueErrors, show } from './issues.js';
import { mergeExperiments } from './merge.js';
import { child, entriesOf, toPlain, type ConfigMap } from './node.js';
import { applyOverrides, commandLine } from './overrides.js';
import { parseYaml } from './parse.js';
import { sweepSeeds } from './sweep.js';
import { experimentSchema, type ExperimentConfig } from './schema.js';
import { yamlLimits } from './yaml-document.js';

/** A character takes at most 4 bytes. */
const maxBytes = 4 * yamlLimits.characters;

export interface ConfigRequest {
  readonly overrides?: readonly string[];
  readonly profile?: string;
}

/** A configuration after `extends`, the profile and the overrides, checked against the schema. */
export interface LoadedConfig {
  readonly file: string;
  /** The folder that relative paths start from. */
  readonly folder: string;
  readonly profile: string | undefined;
  readonly root: ConfigMap;
  readonly config: ExperimentConfig;
  /** Mistakes that leave the rest readable. */
  readonly problems: readonly UserError[];
}

/**
 * Reads an experiment file.
 *
 * @throws UserErrorList with every error of the file's form
 */
export function loadConfig(path: string, request: ConfigRequest = {}): LoadedConfig {
  const file = resolve(path);
  const merged = readExtended(file);
  const { root: profiled, profile } = applyProfile(merged, request.profile);
  const root = sweepSeeds(applyOverrides(profiled, request.overrides ?? []));
  const { config, problems } = checkForm(root);
  const folder = resolve(dirname(file), config.folder ?? '.');
  return { file, folder, profile, root, config, problems };
}

/** Keys that do not exist leave the rest readable; other mistakes of form are thrown. */
function checkForm(root: ConfigMap): { config: ExperimentConfig; problems: readonly UserError[] } {
  const plain = toPlain(root) as Record<string, unknown>;
  const parsed = experimentSchema.safeParse(plain);
  if (parsed.success) return { config: parsed.data, problems: [] };
  const problems = issueErrors(parsed.error.issues, experimentSchema, root, (path) =>
    path.length === 0 ? 'the file' : `"${path.join('.')}"`,
  );
  const known = Object.entries(plain).filter(([key]) => Object.hasOwn(experimentSchema.shape, key));
  const readable = experimentSchema.safeParse(Object.fromEntries(known));
  if (!readable.success) throwErrors(problems);
  return { config: readable.data!, problems };
}

/** Files that extend one another may be so many. */
const maxExtended = 20;

/** A file, merged over what it extends. */
function readExtended(file: string): ConfigMap {
  const chain: string[] = [];
  const roots: ConfigMap[] = [];
  let characters = 0;
  let next: { readonly file: string; readonly from: Place | undefined } | undefined;
  for (next = { file, from: undefined }; next;) {
    const { file: current, from } = next;
    if (chain.includes(current)) throw extendsCycle([...chain, current].map(shortName), from!);
    if (chain.length === maxExtended) throw extendsTooLong(maxExtended, from!);
    chain.push(current);
    const text = readText(current, from);
    characters += text.length;
    if (characters > yamlLimits.characters) {
      throw fileTooLarge(file, characters, yamlLimits.characters);
    }
    const root = parseYaml(text, current);
    if (root.kind !== 'map') throw notAMap(basename(current), root.place);
    next = baseOf(root, current);
    const entries = new Map(root.entries);
    entries.delete('extends');
    roots.unshift({ ...root, entries });
  }
  return roots.reduce(mergeExperiments);
}

const shortName = (path: string) => basename(path);

function baseOf(root: ConfigMap, file: string) {
  const base = child(root, 'extends');
  if (base === undefined) return undefined;
  if (base.kind !== 'scalar' || typeof base.value !== 'string') {
    throw wrongValue('"extends"', 'the path of a file', show(toPlain(base)), base.place);
  }
  return { file: resolve(dirname(file), base.value), from: base.place };
}

function readText(file: string, from: Place | undefined): string {
  try {
    return readOrdinary(file, maxBytes).toString('utf8');
  } catch (error) {
    if (error instanceof NotReadable) {
      if (error.code === 'TOO_LARGE') throw fileTooLarge(file, statSync(file).size, maxBytes);
      if (statSync(file).isDirectory()) throw fileIsFolder(file, from, experimentsIn(file));
      throw fileNotOrdinary(error.message, from);
    }
    throw (
      openFilesError((error as NodeJS.ErrnoException).code, error) ??
      fileMissing(file, from, nearestFile(file))
    );
  }
}

function flagPlace(profile: string): Place {
  const flag = '--profile ';
  const excerpt = `${flag}${profile}`;
  return { file: commandLine, column: flag.length + 1, excerpt, length: profile.length };
}

function experimentsIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => /\.ya?ml$/.test(name));
}

function applyProfile(
  root: ConfigMap,
  requested: string | undefined,
): { root: ConfigMap; profile: string | undefined } {
  const declared = child(root, 'profile');
  const name = requested ?? (declared?.kind === 'scalar' ? String(declared.value) : undefined);
  if (name === undefined) return { root, profile: undefined };
  const profiles = child(root, 'profiles');
  const profile = child(profiles, name);
  if (profile?.kind !== 'map') {
    const known = entriesOf(profiles).map(([key]) => key);
    throw unknownProfile(name, known, requested === undefined ? declared?.place : flagPlace(name));
  }
  return { root: mergeExperiments(root, profile), profile: name };
}
