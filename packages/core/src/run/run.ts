import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Artefact } from '../contracts/artefacts.js';
import { UserError } from '../contracts/error.js';
import type { StageRef } from '../contracts/event.js';
import type { Launcher } from '../contracts/launcher.js';
import type { Manifest } from '../contracts/manifest.js';
import type { JobResult } from '../contracts/reporter.js';
import type { NodeFailure, NodeJob, NodeOutcome, NodeResult } from '../contracts/work.js';
import { sweepAsides } from '../cache/asides.js';
import type { Cache, Results } from '../cache/cache.js';
import { errorFrom } from '../errors/error-data.js';
import { errorsOf, throwErrors } from '../errors/error-list.js';
import { terminalText } from '../errors/terminal-text.js';
import { guarded } from '../errors/stray.js';
import {
  interrupted,
  runTakenOver,
  serviceFailed,
  stageFailed,
  stageName,
} from '../errors/templates/run.js';
import type { Plan, PlanJob, PlanNode } from '../plan/plan.js';
import { beginRun, type BegunRun } from './begin.js';
import { announceTo, eventFile, type Observer } from './events.js';
import { inProcess } from './launchers/in-process.js';
import type { OpenLauncher } from './launchers/open.js';
import { openProfile, writeProfile } from './profile-file.js';
import { createRecord, digestsOf, type RunRecord } from './record.js';
import { report } from './report.js';
import { createSchedule } from './schedule.js';
import { neededServices } from './services.js';
import { workOf } from './work.js';

export interface RunRequest {
  readonly cache: Cache;
  /** Where the work is done; in this process when left out. */
  readonly launcher?: OpenLauncher;
  readonly signal?: AbortSignal;
  /** Aborted to end at once whatever still works. */
  readonly kill?: AbortSignal;
  readonly observers?: readonly Observer[];
  /** Where run folders are made; `runs` in the working directory when left out. */
  readonly outputDirectory?: string;
  /** Whether results and checkpoints of earlier runs are used; true unless said. Results are stored either way. */
  readonly useCache?: boolean;
  /** Whether the first failure ends the run; otherwise all goes on that does not need what failed. */
  readonly failFast?: boolean;
  /** How often a stage that failed is tried again; 0 when left out. */
  readonly retry?: number;
  /** Whether the run tells where its time goes: printed when it ends, `profile.md` and `profile.json`. */
  readonly profiled?: boolean;
  /** The command line, for the manifest: `privatesnn run x.yaml`. */
  readonly command?: string;
  /** The folder of a run that has ended before its time: it is gone on with, in that folder. */
  readonly resume?: string;
  /** Kept as `settings.json` in the run folder, for whoever resumes the run. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly terminal?: { readonly columns: number; readonly colour: boolean };
  /** Where reporters print; standard output when left out. */
  readonly print?: (text: string) => void;
}

/** A finished run. */
export interface RunSummary {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly jobs: readonly JobResult[];
  readonly computed: number;
  readonly cached: number;
}

/**
 * Runs a plan: its nodes where the launcher does them, each from the cache where its key is known, then the reporters
 * on the jobs that have finished.
 *
 * @throws UserError, or a list of them, when stages or reporters fail, or the run is interrupted; what has finished
 *   stays in the cache
 */
export async function runExperiment(plan: Plan, request: RunRequest): Promise<RunSummary> {
  checkServices(plan);
  const clock = performance.now();
  const seconds = () => (performance.now() - clock) / 1000;
  const begun = await beginRun(plan, request);
  try {
    return await runBegun(plan, request, begun, seconds);
  } finally {
    await begun.end();
  }
}

async function runBegun(
  plan: Plan,
  request: RunRequest,
  begun: BegunRun,
  seconds: () => number,
): Promise<RunSummary> {
  const { folder, signal, lost } = begun;
  const profile = request.profiled ? await openProfile(begun) : undefined;
  const run = await openRun(plan, request, begun, profile ? [profile.observe] : []);
  const { record, announce, launcher } = run;
  announce({
    type: 'run-started',
    folder: folder.path,
    jobs: plan.jobs.length,
    stages: plan.nodes.length,
  });
  const print =
    request.print ?? ((text) => process.stdout.write(`${terminalText(text.trimEnd(), false)}\n`));
  const finish = async (status: 'finished' | 'failed' | 'interrupted', error?: unknown) => {
    if (lost.aborted) return;
    await record.close(status, seconds(), error);
    if (profile) await writeProfile(profile.profile(), folder, print);
    announce({ type: 'run-finished', status, seconds: seconds() });
  };
  let failed = false;
  try {
    const errors = await guarded(undefined, () => work(run));
    if (lost.aborted) throw runTakenOver(folder.path);
    if (signal.aborted) throw interrupted(folder.path);
    const { manifest, results } = record;
    const done = plan.jobs.filter((_, index) => manifest.jobs[index]!.status === 'finished');
    const jobs = done.map((job) => jobResult(job, results, request.cache.results));
    if (jobs.length > 0) {
      const { name, title, description } = plan;
      await report(
        plan,
        { name, title, description, jobs, manifest },
        folder,
        request.terminal ?? { columns: 80, colour: false },
        print,
      ).catch((error: unknown) => errors.push(...errorsOf(error)));
    }
    throwErrors(errors);
    await finish('finished');
    const { stages } = record.manifest;
    const cached = stages.filter((stage) => stage.cached).length;
    return {
      folder: folder.path,
      manifest: record.manifest,
      jobs,
      computed: stages.length - cached,
      cached,
    };
  } catch (error) {
    failed = true;
    const status =
      error instanceof UserError && error.errorClass === 'interrupted' ? 'interrupted' : 'failed';
    // The first error counts; a disk that is full must not hide it.
    await finish(status, error).catch(() => undefined);
    throw error;
  } finally {
    // Nor may a service that cannot be closed.
    const closed = launcher.close();
    await (failed ? closed.catch(() => undefined) : closed);
    // What a worker that was killed late has left: no other process may write there any more.
    await Promise.allSettled([request.cache.maintenance.sweep(), sweepAsides(folder.path)]);
  }
}

/** Lets the services that the plan needs look at the environment: a mistake there ends a run before it begins. */
function checkServices({ nodes, registry: { services } }: Plan): void {
  const names = nodes.flatMap(({ declared }) =>
    neededServices(services, declared.definition.dependencies),
  );
  const errors: UserError[] = [];
  for (const name of new Set(names)) {
    try {
      services.get(name)?.check?.();
    } catch (error) {
      errors.push(serviceFailed(name, 'check()', error));
    }
  }
  throwErrors(errors);
}

/** A run in progress. */
interface Run {
  readonly plan: Plan;
  readonly request: RunRequest;
  readonly begun: BegunRun;
  readonly record: RunRecord;
  readonly launcher: Launcher;
  readonly announce: ReturnType<typeof announceTo>;
  readonly refs: ReadonlyMap<PlanNode, StageRef>;
}

async function openRun(
  plan: Plan,
  request: RunRequest,
  begun: BegunRun,
  observers: readonly Observer[],
): Promise<Run> {
  const { folder, start } = begun;
  const jobsOf = new Map<PlanNode, PlanJob[]>(plan.nodes.map((node) => [node, []]));
  for (const job of plan.jobs) for (const node of job.needed) jobsOf.get(node)!.push(job);
  const refs = plan.nodes.map((node, index): [PlanNode, StageRef] => [
    node,
    {
      node: node.id,
      stage: node.stage,
      use: node.declared.definition.id,
      jobs: jobsOf.get(node)!.map(({ name }) => name),
      index: index + 1,
      count: plan.nodes.length,
    },
  ]);
  const { cache } = request;
  const open = request.launcher ?? inProcess;
  const announce = announceTo([
    eventFile(join(folder.path, 'events.jsonl')),
    ...observers,
    ...(request.observers ?? []),
  ]);
  const launcher = await open({
    work: workOf(plan),
    cache,
    folder: folder.path,
    plan: begun.planFile,
    tell: (message) => announce({ type: 'notice', message }),
  });
  return {
    plan,
    request,
    begun,
    record: createRecord(plan, start, folder, cache.results, jobsOf),
    launcher,
    announce,
    refs: new Map(refs),
  };
}

/** Does the nodes of a run, as many at a time as the launcher takes; returns what failed. */
async function work(run: Run): Promise<UserError[]> {
  const { plan, request, begun, record, launcher, announce, refs } = run;
  const failure = new AbortController();
  const stop = AbortSignal.any([begun.signal, failure.signal]);
  // Each node that works listens: Node warns of more than ten.
  setMaxListeners(0, stop);
  const onKill = () => void launcher.cancel();
  begun.kill.addEventListener('abort', onKill, { once: true });
  const byId = new Map(plan.nodes.map((node) => [node.id, node]));
  const schedule = createSchedule(
    plan.nodes.map((node) => ({
      id: node.id,
      inputs: Object.values(node.inputs).map(({ node: source }) => source.id),
      wanted: refs.get(node)!.jobs.length,
      resources: node.declared.definition.resources?.(node.options) ?? {},
    })),
    launcher,
    { failFast: request.failFast ?? false },
  );
  const errors: UserError[] = [];
  const running = new Map<PlanNode, Promise<void>>();
  /** Nodes that others compute. */
  const waiting = new Map<PlanNode, Promise<void>>();
  const told = new Set<PlanNode>();

  const fail = (node: PlanNode, how: NodeFailure) => {
    const ref = refs.get(node)!;
    const lost = schedule.end(node.id, 'failed').map((id) => byId.get(id)!);
    // A worker that goes while the run ends says as little against the stage as one that obeys.
    if (stop.aborted && (how.status === 'interrupted' || how.status === 'lost')) return;
    const error = failureError(node, ref, how);
    errors.push(error);
    const failing = record.failed(node, how, error, lost);
    const { status, lastLines } = how;
    const { stack } = how.error;
    announce({ type: 'stage-failed', ...ref, status, message: error.message, stack, lastLines });
    for (const { name } of failing) announce({ type: 'job-failed', job: name, stage: node.stage });
    if (request.failFast) failure.abort();
  };
  const finish = async (node: PlanNode, result: NodeResult) => {
    const { cached, seconds, key } = result;
    const outputs = digestsOf(result);
    announce({ type: 'stage-finished', ...refs.get(node)!, cached, seconds, key, outputs });
    for (const { name } of await record.finished(node, result)) {
      announce({ type: 'job-finished', job: name });
    }
    schedule.end(node.id, 'finished');
  };
  const begin = async (node: PlanNode, threads: number) => {
    const outcome = await tryNode(run, node, threads, stop);
    if (outcome.status === 'finished') await finish(node, outcome.result);
    else if (outcome.status === 'failed') fail(node, outcome.failure);
    else putBack(node);
  };
  /** Another run computes it: something else is done meanwhile, and its result is looked for now and then. */
  const putBack = (node: PlanNode) => {
    schedule.putBack(node.id);
    if (!told.has(node)) {
      const message = 'Another run computes this; its result is waited for.';
      announce({ type: 'info', ...refs.get(node)!, message });
    }
    told.add(node);
    const over = sleep(waitMilliseconds, undefined, { signal: stop })
      .then(() => schedule.again(node.id))
      .catch(() => undefined)
      .finally(() => waiting.delete(node));
    waiting.set(node, over);
  };

  try {
    for (;;) {
      if (!stop.aborted) {
        for (const { node: id, threads } of schedule.next()) {
          const node = byId.get(id)!;
          running.set(
            node,
            begin(node, threads).finally(() => running.delete(node)),
          );
        }
      }
      if (running.size + waiting.size === 0) return errors;
      await Promise.race([...running.values(), ...waiting.values()]);
    }
  } catch (error) {
    // A defect, or a disk that is full: nothing is left working behind.
    failure.abort();
    await Promise.allSettled(running.values());
    throw error;
  } finally {
    begun.kill.removeEventListener('abort', onKill);
  }
}

/** How often a node may lose its worker. */
const mostLosses = 3;

/** How often a node that another run computes is looked for. */
const waitMilliseconds = 500;

/** Launches a node, and again where it fails and may be tried again. */
async function tryNode(
  { request, begun, record, launcher, announce, refs }: Run,
  node: PlanNode,
  threads: number,
  signal: AbortSignal,
): Promise<NodeOutcome> {
  const ref = refs.get(node)!;
  const inputs = Object.entries(node.inputs).map(([port, { node: source, output }]) => [
    port,
    record.results.get(source)!.outputs[output]!.digest,
  ]);
  const job: NodeJob = {
    plan: begun.planFile,
    node: node.id,
    inputs: Object.fromEntries(inputs) as Record<string, string>,
    threads,
    // What this run has computed itself it takes from the cache, also where it takes nothing else from there.
    useCache: (request.useCache ?? true) || begun.finished.has(node.id),
    ...(request.profiled && { profiled: true }),
  };
  let tries = request.retry ?? 0;
  let losses = 0;
  for (let attempt = 1; ; attempt++) {
    const outcome = await launcher.launch(job, (event) => announce({ ...event, ...ref }), signal);
    if (outcome.status !== 'failed' || signal.aborted) return outcome;
    // A worker that is gone says nothing against the stage, unless it is always this one.
    const again = outcome.failure.status === 'lost' ? losses++ < mostLosses : tries-- > 0;
    if (!again) return outcome;
    const { message } = failureError(node, ref, outcome.failure);
    announce({ type: 'stage-retried', ...ref, attempt, message });
  }
}

/** A failure as a user sees it: with stage, plugin, job and place. */
function failureError(node: PlanNode, ref: StageRef, failure: NodeFailure): UserError {
  const { stage, declared, place, optionPlaces } = node;
  const where = stageName(stage, ref.use, declared.plugin.name, ref.jobs);
  return stageFailed(where, place, optionPlaces, errorFrom(failure.error));
}

function jobResult(
  job: PlanJob,
  results: ReadonlyMap<PlanNode, NodeResult>,
  store: Results,
): JobResult {
  const stages = job.needed.map((node) => {
    const outputs = Object.entries(results.get(node)!.outputs).map(([name, { type, digest }]) => [
      name,
      { type, digest, load: async () => (await store.load(digest)) as Artefact },
    ]);
    const { kind, id } = node.declared.definition;
    return [node.stage, { kind, use: id, outputs: Object.fromEntries(outputs) }];
  });
  return { name: job.name, axes: job.axes, stages: Object.fromEntries(stages) };
}
