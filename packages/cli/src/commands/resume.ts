import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { changedPlugins, locationFrom, readManifest, UserError } from '@privatesnn/core';

import { showFailure } from '../failure.js';
import { launcherIn } from '../launcher.js';
import { openPlan } from '../open.js';
import { findRun } from '../runs.js';
import { say } from '../terminal.js';
import { finishRun, type RunOptions, type RunSettings } from './run.js';
import { listenForInterrupt } from './supervise.js';

/** Goes on with a run in its folder, with the settings that it was started with, and returns the exit code. */
export async function resumeHere(
  name: string,
  options: RunOptions & { readonly out: string; readonly command: string },
): Promise<number> {
  const controller = new AbortController();
  await listenForInterrupt(() => controller.abort());
  try {
    const folder = await findRun(name, options.out);
    const { status } = await readManifest(folder);
    if (status === 'finished') {
      say(process.stderr, `The run ${basename(folder)} is finished already.\n`);
      return 0;
    }
    const file = join(folder, 'config.resolved.yaml');
    if (!existsSync(file) || !existsSync(join(folder, 'plan.bin'))) {
      throw new UserError('configuration', 'RUN_NOT_BEGUN', `The run in ${folder} had not begun.`, {
        hint: 'Start it again with its first command; nothing of it is lost.',
      });
    }
    const settings = await settingsOf(folder);
    // What was isolated stays so, also while it is planned.
    const { isolate = false, trust = [], launcher } = settings;
    const cache = locationFrom(folder, settings.cache);
    const plan = await openPlan(file, { overrides: [], isolate, trust, cache });
    for (const plugin of await changedPlugins(folder, plan)) {
      say(
        process.stderr,
        `! The code of ${plugin} has changed since the run was started; its stages are computed anew.\n`,
      );
    }
    return await finishRun(plan, {
      ...settings,
      ...(launcher === undefined ? {} : { launcher: launcherIn(folder, launcher) }),
      ...options,
      cache,
      resume: folder,
      signal: controller.signal,
    });
  } catch (error) {
    return showFailure(error);
  }
}

async function settingsOf(folder: string): Promise<RunSettings> {
  const file = join(folder, 'settings.json');
  try {
    return JSON.parse(await readFile(file, 'utf8')) as RunSettings;
  } catch (cause) {
    throw new UserError('configuration', 'RUN_NOT_BEGUN', `${file} cannot be read.`, {
      cause,
      hint: 'Start the run again with its first command; what has finished is kept.',
    });
  }
}
