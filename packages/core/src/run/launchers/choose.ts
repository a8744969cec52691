import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

import { z } from 'zod';

import { UserError, type Place } from '../../contracts/error.js';
import type { AnyLauncher } from '../../contracts/plugin.js';
import { issueErrors } from '../../config/issues.js';
import { child, toPlain, type ConfigNode } from '../../config/node.js';
import { parseYaml } from '../../config/parse.js';
import { Mistakes, throwErrors } from '../../errors/error-list.js';
import { NotReadable, readOrdinary } from '../../files/read-ordinary.js';
import { suggestion } from '../../errors/suggest.js';
import { resolveOptions } from '../../plan/stage-config.js';
import { loadPlugin } from '../../plugins/load.js';

/** A launcher file: which launcher, with which options. It is the machine's matter, not the experiment's. */
const launcherSchema = z.strictObject({
  use: z.string().min(1),
  /** The package or local file that brings it; that of the bundled launchers when left out. */
  plugin: z.string().min(1).optional(),
  options: z.record(z.string(), z.unknown()).optional(),
});

export interface ChosenLauncher {
  readonly definition: AnyLauncher;
  /** As its schema makes them. */
  readonly options: unknown;
}

export interface LauncherSearch {
  /** The plugin with the bundled launchers. */
  readonly bundled: string;
  /** A folder of the program: bundled plugins are found from here. */
  readonly moduleBase: string;
}

const maxBytes = 1_000_000;

/** Whether a user means a file: a name of a launcher has neither a dot nor a slash. */
export const isLauncherFile = (text: string) => /[./\\]/.test(text);

/**
 * Finds the launcher that a user names, by its id or by a launcher file, and checks its options.
 *
 * @throws UserError or UserErrorList, with places in the file
 */
export async function chooseLauncher(
  text: string,
  { bundled, moduleBase }: LauncherSearch,
): Promise<ChosenLauncher> {
  const file = isLauncherFile(text) ? resolve(text) : undefined;
  const node = file === undefined ? undefined : readFile(file);
  const place: Place = node ? (child(node, 'use')?.place ?? node.place) : { file: '--launcher' };
  const config = node ? launcherSchema.parse(toPlain(node)) : { use: text };
  const name = config.plugin ?? bundled;
  const at = node ? (child(node, 'plugin')?.place ?? place) : place;
  const search = { folder: file === undefined ? process.cwd() : dirname(file), moduleBase };
  const { plugin } = await loadPlugin(name, at, search);
  const known = plugin.launchers ?? [];
  const definition = known.find(({ id }) => id === config.use);
  if (!definition) {
    const names = [...known.map(({ id }) => id), ...(config.plugin ? [] : ['local'])];
    const message = `There is no launcher "${config.use}" in ${name}.`;
    throw new UserError('configuration', 'UNKNOWN_LAUNCHER', message, {
      place,
      hint: suggestion(config.use, names, 'launchers'),
    });
  }
  const errors = new Mistakes([]);
  const owner = {
    name: `launcher "${definition.id}"`,
    whole: `Launcher "${definition.id}" of ${name}`,
  };
  const options = resolveOptions(
    definition.options,
    node && child(node, 'options'),
    place,
    owner,
    errors,
  );
  throwErrors(errors.found);
  return { definition, options };
}

function readFile(file: string): ConfigNode {
  if (!existsSync(file)) {
    throw new UserError('configuration', 'LAUNCHER_FILE_MISSING', `There is no file ${file}.`, {
      hint: 'Give --launcher the name of a launcher (local, folder, slurm, bullmq) or a file with "use: slurm" and "options:".',
    });
  }
  let text: string;
  try {
    text = readOrdinary(file, maxBytes).toString('utf8');
  } catch (error) {
    if (!(error instanceof NotReadable)) throw error;
    throw new UserError(
      'configuration',
      'LAUNCHER_FILE_MISSING',
      `${file} cannot be read: ${error.message}`,
    );
  }
  const node = parseYaml(text, file);
  const parsed = launcherSchema.safeParse(toPlain(node));
  if (!parsed.success) {
    throwErrors(
      issueErrors(parsed.error.issues, launcherSchema, node, (path) =>
        path.length === 0 ? 'the file' : `"${path.join('.')}"`,
      ),
    );
  }
  return node;
}
