import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Place, UserError } from '../contracts/error.js';
import { interpolator } from '../config/interpolate.js';
import { loadConfig, type ConfigRequest, type LoadedConfig } from '../config/load.js';
import { matrixCells, type Cell } from '../config/matrix.js';
import {
  child,
  entriesOf,
  toPlain,
  type ConfigEntry,
  type ConfigMap,
  type ConfigNode,
} from '../config/node.js';
import { unknownTrust } from '../errors/templates/isolation.js';
import type { Isolation } from '../isolation/isolation.js';
import { samePlugin } from '../isolation/trust.js';
import { errorsOf, Mistakes } from '../errors/error-list.js';
import { tooManyStages, tooMuchWork } from '../errors/templates/configuration.js';
import { loadPlugin, type LoadedPlugin } from '../plugins/load.js';
import { isLocal, localFile } from '../plugins/local.js';

/** One job: the cell, and the parts of the file that it fills in with its values. */
export interface FilledCell extends Cell {
  /** Jobs with the same values on the axes that a stage names have the same node of it. */
  readonly stages: ConfigNode;
  readonly seed: ConfigNode | undefined;
  readonly goals: ConfigNode | undefined;
  readonly preset: ConfigNode | undefined;
}

/** An experiment file with its plugins, before its stages are checked. */
export interface Experiment {
  readonly loaded: LoadedConfig;
  readonly plugins: readonly LoadedPlugin[];
  readonly cells: readonly FilledCell[];
  /** Mistakes found so far; `planExperiment` adds its own and throws all of them. */
  readonly problems: readonly UserError[];
}

export interface ExperimentRequest extends ConfigRequest {
  /** A folder of the program; plugins that the experiment's folder lacks are looked for from here. */
  readonly moduleBase?: string;
  /** Given, plugins that neither it nor the file's `trust` names are never imported here: see `Isolation`. */
  readonly isolation?: Isolation;
}

/**
 * Reads an experiment file and imports the plugins that it declares, and no others.
 *
 * @throws UserErrorList when the file's form is wrong
 */
export async function loadExperiment(
  path: string,
  request: ExperimentRequest = {},
): Promise<Experiment> {
  const loaded = loadConfig(path, request);
  const problems = new Mistakes(loaded.problems);
  const cells = filledCells(loaded, problems);
  const declared = declaredPlugins(loaded.root, cells);
  const { isolation } = request;
  const search = {
    folder: loaded.folder,
    moduleBase: request.moduleBase ?? dirname(fileURLToPath(import.meta.url)),
    isolation: isolation && {
      ...isolation,
      trust: [...isolation.trust, ...(loaded.config.trust ?? [])],
    },
  };
  problems.push(...trustedUnknown(loaded, isolation?.trust ?? [], [...declared.keys()]));
  const plugins: LoadedPlugin[] = [];
  for (const [name, place] of declared) {
    try {
      plugins.push(await loadPlugin(name, place, search));
    } catch (error) {
      problems.push(...errorsOf(error));
    }
  }
  return { loaded, plugins, cells, problems: problems.found };
}

/** Names that are trusted and are no plugin of the experiment: a misspelt one would be isolated after all. */
function trustedUnknown(
  { root, folder }: LoadedConfig,
  given: readonly string[],
  plugins: readonly string[],
): UserError[] {
  const listed = child(root, 'trust');
  const items = listed?.kind === 'list' ? listed.items : [];
  const named = [
    ...given.map((name) => ({ name, place: undefined })),
    ...items.map((item) => ({ name: String(toPlain(item)), place: item.place })),
  ];
  return named
    .filter(({ name }) => !plugins.some((plugin) => samePlugin(name, plugin, folder)))
    .map(({ name, place }) => unknownTrust(name, plugins, place));
}

/** What an experiment may come to. */
export const workLimits = {
  stages: 1000,
  /** Of all jobs together, before equal work is found. */
  stagesOfJobs: 500_000,
} as const;

function filledCells({ root, config }: LoadedConfig, problems: Mistakes): FilledCell[] {
  const stages = child(root, 'stages') as ConfigMap;
  const count = stages.entries.size;
  if (count > workLimits.stages) throw tooManyStages(count, workLimits.stages, stages.place);
  const cells = matrixCells(child(root, 'matrix'), config.name, problems);
  if (cells.length * count > workLimits.stagesOfJobs) {
    throw tooMuchWork(cells.length, count, workLimits.stagesOfJobs, child(root, 'matrix')!.place);
  }
  const interpolate = interpolator(problems);
  return cells.map((cell): FilledCell => {
    const filled = (key: string) => {
      const node = child(root, key);
      return node && interpolate(node, cell.axes);
    };
    const entries = new Map<string, ConfigEntry>();
    for (const [name, { key, value }] of stages.entries) {
      entries.set(name, { key, value: interpolate(value, cell.axes) });
    }
    return {
      ...cell,
      stages: { ...stages, entries },
      seed: filled('seed'),
      goals: filled('goals'),
      preset: filled('preset'),
    };
  });
}

/** The names under `plugins:`, and the local files that stages and reporters name, with their places. */
function declaredPlugins(
  root: ConfigNode,
  cells: readonly { readonly stages: ConfigNode }[],
): Map<string, Place> {
  const names = new Map<string, Place>();
  const add = (node: ConfigNode | undefined, onlyLocal: boolean) => {
    if (node?.kind !== 'scalar' || typeof node.value !== 'string') return;
    if (onlyLocal && !isLocal(node.value)) return;
    const name = onlyLocal ? localFile(node.value) : node.value;
    if (!names.has(name)) names.set(name, node.place);
  };
  const listed = child(root, 'plugins');
  if (listed?.kind === 'list') for (const item of listed.items) add(item, false);
  const seen = new Set<ConfigNode>();
  for (const { stages } of cells) {
    for (const [, { value }] of entriesOf(stages)) {
      if (!seen.has(value)) add(child(value, 'use'), true);
      seen.add(value);
    }
  }
  const reporters = child(root, 'reporters');
  if (reporters?.kind === 'list') for (const item of reporters.items) add(child(item, 'use'), true);
  return names;
}
