import { join, resolve } from 'node:path';

import {
  locationSeenFrom,
  runExperiment,
  UserError,
  UserErrorList,
  type Cache,
  type Plan,
  type RunSummary,
} from '@privatesnn/core';

import { openCacheAt } from '../cache.js';
import { shorten } from '../command-line.js';
import { showFailure } from '../failure.js';
import { assertNeeds } from '../needs.js';
import type { IsolationOptions } from '../isolation.js';
import { openPlan } from '../open.js';
import { count, duration } from '../progress/format.js';
import { createProgress } from '../progress/progress.js';
import { say, sayJson, terminalOf } from '../terminal.js';
import { launcherFrom, launcherOf, type LauncherOptions } from '../launcher.js';
import { whole } from './jobs.js';
import { listenForInterrupt, tellSupervisor } from './supervise.js';

export interface RunOptions extends LauncherOptions, IsolationOptions {
  readonly profile?: string;
  readonly seed?: string;
  readonly out?: string;
  /** Where the cache is: a folder or an address. */
  readonly cache?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly useCache?: boolean;
  readonly failFast?: boolean;
  /** How often a stage that failed is tried again. */
  readonly retry?: string;
  /** Whether the run tells where its time goes. */
  readonly profileRun?: boolean;
}

/** What a run is resumed with, as it was started: `settings.json` in its folder. */
export interface RunSettings extends Pick<
  RunOptions,
  | 'launcher'
  | 'jobs'
  | 'patience'
  | 'useCache'
  | 'failFast'
  | 'retry'
  | 'isolate'
  | 'trust'
  | 'profileRun'
> {
  /** From the run's folder; an address as it is. */
  readonly cache: string;
}

interface Started {
  readonly command: string;
  readonly signal: AbortSignal;
  /** The folder of the run that is gone on with. */
  readonly resume?: string;
}

/** Runs an experiment in this process and returns the exit code. */
export async function runHere(
  file: string,
  overrides: readonly string[],
  options: RunOptions & { readonly command: string },
): Promise<number> {
  const controller = new AbortController();
  await listenForInterrupt(() => controller.abort());
  try {
    const plan = await openPlan(file, { ...options, overrides });
    return await finishRun(plan, { ...options, signal: controller.signal });
  } catch (error) {
    return failed(error, options);
  }
}

/** Runs a plan and tells how it ended; returns the exit code. */
export async function finishRun(plan: Plan, options: RunOptions & Started): Promise<number> {
  // A blank line between the progress and what reporters print, and after it.
  const gap = options.quiet ? '' : '\n';
  let printed = false;
  if (options.isolate && !options.quiet) say(process.stderr, `${isolatedText(plan)}\n`);
  try {
    const summary = await runPlan(plan, {
      ...options,
      beforePrint() {
        if (!printed) say(process.stderr, gap);
        printed = true;
      },
    });
    if (options.json) sayJson(await summaryJson(summary));
    if (!options.quiet) say(process.stderr, `${printed ? gap : ''}${closing(summary)}\n`);
    return 0;
  } catch (error) {
    return failed(error, options);
  }
}

function failed(error: unknown, { json }: RunOptions): number {
  const code = showFailure(error);
  if (json) sayJson(errorJson(error));
  return code;
}

/** Runs a plan with progress on standard error; the reporters print to standard output, with `json` to standard error. */
export async function runPlan(
  plan: Plan,
  options: RunOptions &
    Started & {
      /** Called before a reporter prints, when the progress has stopped. */
      readonly beforePrint?: () => void;
    },
): Promise<RunSummary> {
  await assertNeeds(plan);
  const output = options.json ? process.stderr : process.stdout;
  const progress = createProgress({
    // It moves the cursor, and shows the texts of others as `say` does.
    write: (text) => void process.stderr.write(text),
    terminal: terminalOf(process.stderr),
    quiet: options.quiet ?? false,
    jobs: plan.jobs.length,
  });
  const cache = await openCacheAt(options.cache);
  return runExperiment(plan, {
    signal: options.signal,
    command: options.command,
    ...(options.resume === undefined
      ? { settings: settingsOf(plan, options, cache) }
      : { resume: options.resume }),
    useCache: options.useCache ?? true,
    launcher: await launcherOf(options),
    failFast: options.failFast ?? false,
    retry: options.retry === undefined ? 0 : whole('--retry', options.retry, 0, 100),
    profiled: options.profileRun ?? false,
    observers: [
      (event) => {
        if (event.type === 'run-started') void tellSupervisor({ folder: event.folder });
      },
      progress.onEvent,
    ],
    ...(options.out === undefined ? {} : { outputDirectory: options.out }),
    cache,
    terminal: terminalOf(output),
    print(text) {
      progress.stop();
      options.beforePrint?.();
      say(output, text.endsWith('\n') ? text : `${text}\n`);
    },
  }).finally(() => progress.stop());
}

function settingsOf(plan: Plan, options: RunOptions, { location }: Cache) {
  const { launcher, jobs, patience, useCache, failFast, retry, isolate, trust, profileRun } =
    options;
  // Every run's folder in it is as far from the cache.
  const folder = join(resolve(options.out ?? 'runs'), plan.name);
  const settings: RunSettings = {
    cache: locationSeenFrom(folder, location),
    ...(launcher === undefined ? {} : { launcher: launcherFrom(folder, launcher) }),
    ...(jobs === undefined ? {} : { jobs }),
    ...(patience === undefined ? {} : { patience }),
    ...(useCache === undefined ? {} : { useCache }),
    ...(failFast === undefined ? {} : { failFast }),
    ...(retry === undefined ? {} : { retry }),
    ...(isolate === undefined ? {} : { isolate }),
    ...(trust === undefined ? {} : { trust }),
    ...(profileRun === undefined ? {} : { profileRun }),
  };
  return { ...settings };
}

function isolatedText({ experiment }: Plan): string {
  const names = experiment.plugins.filter(({ isolated }) => isolated).map(({ name }) => name);
  return names.length > 0
    ? `Isolated: ${names.join(', ')}.`
    : 'Isolated: none; all plugins are bundled or trusted.';
}

function closing({ computed, cached, manifest, folder }: RunSummary): string {
  const stages = `${count(computed, 'stage')} computed, ${cached} from the cache`;
  return `Finished in ${duration(manifest.seconds ?? 0)}: ${stages}.\nRun folder: ${shorten(folder)}`;
}

/** What `--json` prints: the numbers of every job, and what happened to every stage. */
async function summaryJson({ folder, manifest, jobs, computed, cached }: RunSummary) {
  const results = [];
  for (const job of jobs) {
    const values: Record<string, unknown> = {};
    for (const [stage, { kind, outputs }] of Object.entries(job.stages)) {
      if (kind !== 'metric') continue;
      for (const [output, { load }] of Object.entries(outputs)) {
        const artefact = await load();
        if (artefact.type === 'scalars') values[`${stage}.${output}`] = artefact.values;
      }
    }
    results.push({ name: job.name, axes: job.axes, results: values });
  }
  const { status, seconds, seed, stages } = manifest;
  return { status, folder, seconds, seed, computed, cached, jobs: results, stages };
}

function errorJson(error: unknown) {
  const one = (each: unknown) =>
    each instanceof UserError
      ? { code: each.code, message: each.message, hint: each.hint, place: each.place }
      : { code: 'DEFECT', message: String(each) };
  const errors = error instanceof UserErrorList ? error.errors.map(one) : [one(error)];
  const interrupted = error instanceof UserError && error.errorClass === 'interrupted';
  return { status: interrupted ? 'interrupted' : 'failed', errors };
}
