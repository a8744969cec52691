import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Place, UserError } from '../contracts/error.js';
import { interpolate } from '../config/interpolate.js';
import { loadConfig, type ConfigRequest, type LoadedConfig } from '../config/load.js';
import { matrixCells, type Cell } from '../config/matrix.js';
import { child, entriesOf, type ConfigNode } from '../config/node.js';
import { errorsOf } from '../errors/error-list.js';
import { isLocal, loadPlugin, localFile, type LoadedPlugin } from '../plugins/load.js';

/** One job: the cell, and the parts of the file that it fills in with its values. */
export interface FilledCell extends Cell {
  readonly stages: ConfigNode;
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
  const loaded = await loadConfig(path, request);
  const problems: UserError[] = [];
  const cells = matrixCells(child(loaded.root, 'matrix'), loaded.config.name, problems).map(
    (cell): FilledCell => {
      const filled = (key: string) => {
        const node = child(loaded.root, key);
        return node && interpolate(node, cell.axes, problems);
      };
      return {
        ...cell,
        stages: filled('stages')!,
        goals: filled('goals'),
        preset: filled('preset'),
      };
    },
  );
  const search = {
    folder: loaded.folder,
    moduleBase: request.moduleBase ?? dirname(fileURLToPath(import.meta.url)),
  };
  const plugins: LoadedPlugin[] = [];
  for (const [name, place] of declaredPlugins(loaded.root, cells)) {
    try {
      plugins.push(await loadPlugin(name, place, search));
    } catch (error) {
      problems.push(...errorsOf(error));
    }
  }
  return { loaded, plugins, cells, problems };
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
  for (const { stages } of cells) {
    for (const [, { value }] of entriesOf(stages)) add(child(value, 'use'), true);
  }
  const reporters = child(root, 'reporters');
  if (reporters?.kind === 'list') for (const item of reporters.items) add(child(item, 'use'), true);
  return names;
}
