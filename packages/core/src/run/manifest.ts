import { execFile } from 'node:child_process';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { basename, isAbsolute, relative } from 'node:path';
import { promisify } from 'node:util';

import { toPlain } from '../config/node.js';
import { packageOf } from '../plugins/locate.js';
import type { Plan } from '../plan/plan.js';
import { fileURLToPath } from 'node:url';

/** What happened to one stage of a run. */
export interface StageRecord {
  readonly stage: string;
  readonly use: string;
  readonly kind: string;
  readonly jobs: readonly string[];
  readonly key: string;
  readonly cached: boolean;
  /** Seconds in this run; 0 where the result came from the cache. */
  readonly seconds: number;
  /** Seconds that the result took when it was computed. */
  readonly computeSeconds: number;
  /** What the stage warned of when it was computed, in this run or before. */
  readonly warnings: readonly string[];
  readonly outputs: Readonly<Record<string, string>>;
}

export type RunStatus = 'running' | 'finished' | 'interrupted' | 'failed';

/** What a run was: enough to repeat it and to judge its figures. */
export interface Manifest {
  readonly format: 1;
  readonly status: RunStatus;
  readonly name: string;
  /** The experiment file, relative to the working directory; its name alone where it lies outside. */
  readonly experiment: string;
  /** The command line that made the run; null where it was started from a program. */
  readonly command: string | null;
  readonly profile: string | null;
  /** The file's preset; null where it has none, or one a job. */
  readonly preset: string | null;
  readonly seed: number;
  readonly started: string;
  readonly finished: string | null;
  readonly seconds: number | null;
  readonly process: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly git: { readonly commit: string; readonly changed: boolean } | null;
  /** `threads` is how many an engine may use: PRIVATESNN_THREADS, else the processors that the process may use. */
  readonly host: Readonly<Record<string, string | number>>;
  readonly services: Readonly<Record<string, string>>;
  readonly jobs: readonly {
    readonly name: string;
    readonly axes: Readonly<Record<string, unknown>>;
  }[];
  readonly stages: readonly StageRecord[];
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** The manifest of a run that starts now. */
export async function startManifest(
  plan: Plan,
  started: Date,
  command: string | null,
): Promise<Manifest> {
  const { loaded, plugins } = plan.experiment;
  const core = packageOf(fileURLToPath(import.meta.url))?.manifest.version ?? '0.0.0';
  const processors = cpus();
  return {
    format: 1,
    status: 'running',
    name: plan.name,
    experiment: shortPath(loaded.file),
    command,
    profile: loaded.profile ?? null,
    preset: presetOf(plan),
    seed: plan.seed,
    started: started.toISOString(),
    finished: null,
    seconds: null,
    process: process.pid,
    versions: {
      node: process.version,
      '@privatesnn/core': core,
      ...Object.fromEntries(plugins.map(({ name, version }) => [name, version])),
    },
    git: await gitState(loaded.folder),
    host: {
      platform: `${process.platform} ${release()}`,
      architecture: process.arch,
      processor: processors[0]?.model.trim() ?? 'unknown',
      processors: processors.length,
      threads: Number(process.env['PRIVATESNN_THREADS'] || availableParallelism()),
      memoryBytes: totalmem(),
    },
    services: {},
    jobs: plan.jobs.map(({ name, axes }) => ({ name, axes })),
    stages: [],
    error: null,
  };
}

function presetOf({ experiment }: Plan): string | null {
  const presets = new Set(experiment.cells.map(({ preset }) => preset && toPlain(preset)));
  const [preset] = presets;
  return presets.size === 1 && typeof preset === 'string' ? preset : null;
}

/** A run is shown to others: nothing of it tells where its user's folders lie. */
function shortPath(file: string): string {
  const path = relative(process.cwd(), file);
  return path.startsWith('..') || isAbsolute(path) ? basename(file) : path;
}

const run = promisify(execFile);

async function gitState(folder: string): Promise<Manifest['git']> {
  const git = async (...args: string[]) =>
    (await run('git', args, { cwd: folder, timeout: 3000 })).stdout.trim();
  try {
    const [commit, status] = await Promise.all([
      git('rev-parse', 'HEAD'),
      git('status', '--porcelain', '--untracked-files=no'),
    ]);
    return { commit, changed: status !== '' };
  } catch {
    return null;
  }
}
