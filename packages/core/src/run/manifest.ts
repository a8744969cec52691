import { execFile } from 'node:child_process';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { basename, isAbsolute, relative } from 'node:path';
import { promisify } from 'node:util';

import { toPlain } from '../config/node.js';
import { packageOf } from '../plugins/locate.js';
import type { Manifest } from '../contracts/manifest.js';
import type { Plan } from '../plan/plan.js';
import { fileURLToPath } from 'node:url';

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
    seed: plan.seeds.length === 1 ? plan.seeds[0]! : plan.seeds,
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
    jobs: plan.jobs.map(({ name, axes }) => ({ name, axes, status: 'waiting' as const })),
    stages: [],
    failures: [],
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
