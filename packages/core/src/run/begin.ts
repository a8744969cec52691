import { dirname, join, resolve } from 'node:path';

import { UserError } from '../contracts/error.js';
import type { Manifest } from '../contracts/manifest.js';
import type { NodeJob } from '../contracts/work.js';
import type { Plan } from '../plan/plan.js';
import { planToYaml } from '../plan/yaml.js';
import { watchForCancel } from './cancel.js';
import { makeRunFolder, runFolder, sweepRuns, type RunFolder } from './folder.js';
import { holdRun } from './hold.js';
import { startManifest } from './manifest.js';
import { planBytes, planDigest } from './plan-file.js';
import type { RunRequest } from './run.js';
import { readRun } from './state.js';

/** A run's folder, held by this process. */
export interface BegunRun {
  readonly folder: RunFolder;
  /** The manifest as it is now. */
  readonly start: Manifest;
  readonly planFile: NodeJob['plan'];
  /** Ids of the nodes that have finished in this run before. */
  readonly finished: ReadonlySet<string>;
  /** Aborted when the run shall end: by its caller, by `cancel`, or since another process has taken it over. */
  readonly signal: AbortSignal;
  /** Aborted when it shall end at once. */
  readonly kill: AbortSignal;
  /** Aborted when another process has taken the folder over: nothing may be written there any more. */
  readonly lost: AbortSignal;
  /** Gives the folder back. */
  end(): Promise<void>;
}

/**
 * Makes the folder of a run, or takes that of one that has ended before its time.
 *
 * @throws UserError RUN_HELD where another process works on it
 */
export async function beginRun(plan: Plan, request: RunRequest): Promise<BegunRun> {
  const { resume, settings } = request;
  const started = new Date();
  const parent =
    resume === undefined ? resolve(request.outputDirectory ?? 'runs') : dirname(resume);
  // Every folder in it is as far from the experiment's.
  const bytes = planBytes(plan, join(parent, plan.name));
  if (resume === undefined) await sweepRuns(parent, plan.name);
  const folder =
    resume === undefined ? await makeRunFolder(parent, plan.name, started) : runFolder(resume);
  const lease = await holdRun(folder.path);
  try {
    const before = resume === undefined ? undefined : await readRun(resume);
    const fresh = await startManifest(plan, started, request.command ?? null);
    const start = before ? goneOnWith(before.manifest, fresh) : fresh;
    if (!before) await folder.write('config.resolved.yaml', planToYaml(plan, folder.path));
    if (!before && settings) await folder.write('settings.json', json(settings));
    await folder.write('manifest.json', json(start));
    await folder.write('plan.bin', bytes);
    await noteRun(request, folder.path);

    const soon = new AbortController();
    const now = new AbortController();
    const unwatch = watchForCancel(folder.path, (how) => {
      soon.abort();
      if (how === 'now') now.abort();
    });
    return {
      folder,
      start,
      planFile: { file: join(folder.path, 'plan.bin'), digest: planDigest(bytes) },
      finished: new Set(before?.ended.keys()),
      signal: AbortSignal.any([
        soon.signal,
        lease.lost,
        ...(request.signal ? [request.signal] : []),
      ]),
      kill: AbortSignal.any([now.signal, lease.lost, ...(request.kill ? [request.kill] : [])]),
      lost: lease.lost,
      async end() {
        unwatch();
        await lease.release();
      },
    };
  } catch (error) {
    await lease.release();
    throw error;
  }
}

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

/** What a run is called and where it came from stays; what it runs with is what it goes on with. */
function goneOnWith(before: Manifest, now: Manifest): Manifest {
  const { experiment, command, profile, preset, started, resumed = [] } = before;
  const origin = { experiment, command, profile, preset, started };
  return { ...now, ...origin, resumed: [...resumed, now.started] };
}

/** A cache that nobody can write needs no note: nothing is removed from it either. */
async function noteRun({ cache }: RunRequest, folder: string): Promise<void> {
  try {
    await cache.maintenance.noteRun(folder);
  } catch (error) {
    if (!(error instanceof UserError && error.code === 'NOT_WRITABLE')) throw error;
  }
}
