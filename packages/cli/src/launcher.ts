import { isAbsolute, relative, resolve } from 'node:path';

import {
  chooseLauncher,
  findFirst,
  isLauncherFile,
  UserError,
  type OpenLauncher,
} from '@privatesnn/core';

import { localLauncher, ownCommand, type JobsOptions } from './commands/jobs.js';

export interface LauncherOptions extends JobsOptions {
  /** Name of a launcher, or a launcher file; `local` when left out. */
  readonly launcher?: string;
}

/** The plugin with the launchers that the program brings. */
export const bundledLaunchers = '@privatesnn/plugins-launchers';

/** Where a run's work is done, as the command line says. */
export async function launcherOf(options: LauncherOptions): Promise<OpenLauncher> {
  const { launcher: text, jobs } = options;
  if (text === undefined || text === 'local') return localLauncher(options);
  if (jobs !== undefined) {
    throw new UserError(
      'configuration',
      'JOBS_ELSEWHERE',
      '--jobs says how many stages this machine works on, but --launcher has others work.',
      { hint: 'Leave one of them out; workers have their own --jobs.' },
    );
  }
  const { definition, options: own } = await chooseLauncher(text, {
    bundled: bundledLaunchers,
    moduleBase: import.meta.dirname,
  });
  return async (materials) => {
    const { folder, work, cache, plan, tell } = materials;
    const launcher = await definition.open(own, {
      folder,
      experimentFolder: work.folder,
      cache: cache.location,
      plan,
      command: ownCommand(),
      tell,
    });
    return findFirst(launcher, materials);
  };
}

/** A launcher as a file in `folder` can name it: files of launchers by their path from there. */
export function launcherFrom(folder: string, text: string): string {
  return isLauncherFile(text) ? `./${relative(folder, resolve(text))}` : text;
}

/** The launcher that `launcherFrom` wrote into a file in `folder`. */
export function launcherIn(folder: string, text: string): string {
  return isLauncherFile(text) && !isAbsolute(text) ? resolve(folder, text) : text;
}
