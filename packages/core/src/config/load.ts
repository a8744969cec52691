import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';

import type { Place } from '../contracts/error.js';
import { throwErrors } from '../errors/error-list.js';
import { nearestFile } from '../errors/nearest-file.js';
import {
  extendsCycle,
  fileIsFolder,
  fileMissing,
  notAMap,
  unknownProfile,
  wrongValue,
} from '../errors/templates/configuration.js';
import { issueErrors, show } from './issues.js';
import { mergeNodes } from './merge.js';
import { child, entriesOf, toPlain, type ConfigMap } from './node.js';
import { applyOverrides, commandLine } from './overrides.js';
import { parseYaml } from './parse.js';
import { experimentSchema, type ExperimentConfig } from './schema.js';

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
}

/**
 * Reads an experiment file.
 *
 * @throws UserErrorList with every error of the file's form
 */
export async function loadConfig(path: string, request: ConfigRequest = {}): Promise<LoadedConfig> {
  const file = resolve(path);
  const merged = await readExtended(file, undefined, []);
  const { root: profiled, profile } = applyProfile(merged, request.profile);
  const root = applyOverrides(profiled, request.overrides ?? []);
  const parsed = experimentSchema.safeParse(toPlain(root));
  if (!parsed.success) {
    throwErrors(
      issueErrors(parsed.error.issues, experimentSchema, root, (path) =>
        path.length === 0 ? 'the file' : `"${path.join('.')}"`,
      ),
    );
  }
  const config = parsed.data!;
  return { file, folder: resolve(dirname(file), config.folder ?? '.'), profile, root, config };
}

async function readExtended(
  file: string,
  from: Place | undefined,
  chain: readonly string[],
): Promise<ConfigMap> {
  if (chain.includes(file)) {
    throw extendsCycle(
      [...chain, file].map((one) => basename(one)),
      from!,
    );
  }
  const root = parseYaml(await readText(file, from), file);
  if (root.kind !== 'map') throw notAMap(basename(file), root.place);
  const base = child(root, 'extends');
  if (base === undefined) return root;
  if (base.kind !== 'scalar' || typeof base.value !== 'string') {
    throw wrongValue('"extends"', 'the path of a file', show(toPlain(base)), base.place);
  }
  const entries = new Map(root.entries);
  entries.delete('extends');
  const path = resolve(dirname(file), base.value);
  const parent = await readExtended(path, base.place, [...chain, file]);
  return mergeNodes(parent, { ...root, entries }) as ConfigMap;
}

async function readText(file: string, from: Place | undefined): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EISDIR') {
      throw fileIsFolder(file, from, experimentsIn(file));
    }
    throw fileMissing(file, from, nearestFile(file));
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
  return { root: mergeNodes(root, profile) as ConfigMap, profile: name };
}
