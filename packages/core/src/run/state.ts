import { createReadStream, existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import type { RunEvent, StageRef } from '../contracts/event.js';
import type { FailureRecord, JobRecord, Manifest, RunStatus } from '../contracts/manifest.js';
import { notARun } from '../errors/templates/run.js';
import { holderOf, type Holder } from './hold.js';

/** A stage that has ended well in a run. */
export interface EndedStage {
  readonly ref: StageRef;
  readonly key: string;
  /** Digests. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly cached: boolean;
}

/** A stage that works, or worked when the run's process was ended. */
export interface StartedStage {
  readonly ref: StageRef;
  /** ISO 8601. */
  readonly since: string;
}

/** What has become of a run, by its folder: also of one whose process was killed. */
export interface RunState {
  readonly folder: string;
  readonly manifest: Manifest;
  /** `dead`: the manifest says that it runs, and its process is gone. */
  readonly status: RunStatus | 'dead';
  readonly holder: Holder | undefined;
  /** How many stages it has; 0 where it did not come to begin. */
  readonly count: number;
  /** By node id. */
  readonly ended: ReadonlyMap<string, EndedStage>;
  readonly working: readonly StartedStage[];
  readonly failures: readonly FailureRecord[];
  readonly jobs: readonly JobRecord[];
  /** When it was heard of last: ISO 8601. */
  readonly heard: string;
}

/**
 * Reads a run's folder: the manifest, which is written now and then, and over it the events, which are written at once.
 *
 * @throws UserError NOT_A_RUN where it is no run's folder
 */
export async function readRun(folder: string): Promise<RunState> {
  const manifest = await readManifest(folder);
  const ended = new Map<string, EndedStage>();
  const working = new Map<string, StartedStage>();
  const jobs = new Map(manifest.jobs.map((job) => [job.name, job]));
  let failures: FailureRecord[] = [];
  let count = 0;
  let heard = manifest.finished ?? manifest.started;
  for await (const event of runEvents(folder)) {
    heard = event.time > heard ? event.time : heard;
    switch (event.type) {
      case 'run-started':
        // What failed or was under way before is tried again.
        count = event.stages;
        failures = [];
        working.clear();
        for (const [name, job] of jobs) jobs.set(name, { ...job, status: 'waiting' });
        break;
      case 'stage-started':
        working.set(event.node, { ref: refOf(event), since: event.time });
        break;
      case 'stage-finished': {
        const { key, outputs, cached } = event;
        working.delete(event.node);
        ended.set(event.node, { ref: refOf(event), key, outputs, cached });
        break;
      }
      case 'stage-failed': {
        const { stage, use, jobs: names, status, message, lastLines } = event;
        working.delete(event.node);
        failures.push({ stage, use, jobs: names, status, code: '', message, lastLines });
        break;
      }
      case 'job-finished':
      case 'job-failed': {
        const job = jobs.get(event.job);
        const status = event.type === 'job-failed' ? 'failed' : 'finished';
        if (job) jobs.set(job.name, { ...job, status });
        break;
      }
      default:
    }
  }
  const holder = holderOf(folder);
  const gone = manifest.status === 'running' && !holder?.alive;
  if (manifest.status !== 'running') working.clear();
  return {
    folder,
    manifest,
    status: gone ? 'dead' : manifest.status,
    holder,
    count,
    ended,
    working: [...working.values()],
    failures: manifest.status === 'running' ? failures : manifest.failures,
    jobs: [...jobs.values()],
    heard,
  };
}

const refOf = ({ node, stage, use, jobs, index, count }: StageRef): StageRef => ({
  node,
  stage,
  use,
  jobs,
  index,
  count,
});

/** The events of a run, in the order in which they were written; a last line that was cut is left out. */
export async function* runEvents(folder: string): AsyncGenerator<RunEvent> {
  const file = join(folder, 'events.jsonl');
  if (!existsSync(file)) return;
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Infinity });
  for await (const line of lines) {
    const event = parse(line);
    if (event) yield event;
  }
}

function parse(line: string): RunEvent | undefined {
  try {
    return JSON.parse(line) as RunEvent;
  } catch {
    return undefined;
  }
}

/** @throws UserError NOT_A_RUN */
export async function readManifest(folder: string): Promise<Manifest> {
  const file = join(folder, 'manifest.json');
  let manifest: Partial<Manifest> | null;
  try {
    manifest = JSON.parse(await readFile(file, 'utf8')) as Partial<Manifest> | null;
  } catch (error) {
    throw notARun(folder, error);
  }
  const { status, started, name } = manifest ?? {};
  if ([status, started, name].some((text) => typeof text !== 'string')) throw notARun(folder);
  // Those of earlier versions lack some.
  return { jobs: [], stages: [], failures: [], ...manifest } as unknown as Manifest;
}
