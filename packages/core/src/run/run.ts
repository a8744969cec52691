import { resolve } from 'node:path';

import type { Artefact } from '../contracts/artefacts.js';
import { UserError } from '../contracts/error.js';
import type { JobResult } from '../contracts/reporter.js';
import type { Token } from '../contracts/token.js';
import { cacheFolder } from '../cache/location.js';
import { openCache, type CacheStore } from '../cache/store.js';
import { errorsOf, throwErrors } from '../errors/error-list.js';
import { interrupted } from '../errors/templates/run.js';
import type { Plan, PlanNode } from '../plan/plan.js';
import { planToYaml } from '../plan/yaml.js';
import type { RunContainer } from './container.js';
import { eventSink, type Emit, type RunEvent } from './events.js';
import { folderNames, makeRunFolder, type RunFolder } from './folder.js';
import { createKeys, type Keys } from './keys.js';
import { startManifest, type Manifest, type StageRecord } from './manifest.js';
import { runNode, type NodeResult } from './node.js';
import { report } from './report.js';

export interface RunRequest {
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: RunEvent) => void;
  /** Where run folders are made; `runs` in the working directory when left out. */
  readonly outputDirectory?: string;
  readonly cacheDirectory?: string;
  /** Whether results and checkpoints of earlier runs are used; true unless said. Results are stored either way. */
  readonly useCache?: boolean;
  /** The command line, for the manifest: `privatesnn run x.yaml`. */
  readonly command?: string;
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
 * Runs a plan: one stage after the other, each from the cache where its key is known, then the reporters.
 *
 * @throws UserError when a stage or reporter fails, or the run is interrupted; what has finished stays in the cache
 */
export async function runExperiment(plan: Plan, request: RunRequest = {}): Promise<RunSummary> {
  checkServices(plan);
  const started = new Date();
  const clock = performance.now();
  const seconds = () => (performance.now() - clock) / 1000;
  const signal = request.signal ?? new AbortController().signal;
  const folder = await makeRunFolder(
    resolve(request.outputDirectory ?? 'runs'),
    plan.name,
    started,
  );
  let manifest = await startManifest(plan, started, request.command ?? null);
  const saveManifest = () =>
    folder.write('manifest.json', `${JSON.stringify(manifest, null, 2)}\n`);
  await folder.write('config.resolved.yaml', planToYaml(plan, folder.path));
  await saveManifest();

  const emit = eventSink(resolve(folder.path, 'events.jsonl'), request.onEvent);
  emit({
    type: 'run-started',
    folder: folder.path,
    jobs: plan.jobs.length,
    stages: plan.nodes.length,
  });
  // Inversify takes a while to load, and a run that finds everything in the cache needs no container.
  let container: Promise<RunContainer> | undefined;
  const parts: Parts = {
    plan,
    folder,
    emit,
    signal,
    store: openCache(request.cacheDirectory ?? cacheFolder()),
    useCache: request.useCache ?? true,
    keys: createKeys(plan),
    container: () =>
      (container ??= import('./container.js').then(({ createContainer }) => createContainer(plan))),
  };
  const records: StageRecord[] = [];
  const finish = async (status: 'finished' | 'failed' | 'interrupted', error?: unknown) => {
    manifest = {
      ...manifest,
      status,
      finished: new Date().toISOString(),
      seconds: seconds(),
      services: parts.keys.identities,
      stages: records,
      error: error === undefined ? null : errorRecord(error),
    };
    await saveManifest();
    emit({ type: 'run-finished', status, seconds: seconds() });
  };

  let failed = false;
  try {
    const results = await runNodes(parts, records);
    const jobs = plan.jobs.map((job) => jobResult(job, results, parts.store));
    manifest = { ...manifest, services: parts.keys.identities, stages: records };
    await report(
      plan,
      {
        name: plan.name,
        title: plan.title,
        description: plan.description,
        jobs,
        manifest: { ...manifest },
      },
      folder,
      request.terminal ?? { columns: 80, colour: false },
      request.print ?? ((text) => process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)),
    );
    await finish('finished');
    const cached = records.filter((record) => record.cached).length;
    return { folder: folder.path, manifest, jobs, computed: records.length - cached, cached };
  } catch (error) {
    failed = true;
    if (signal.aborted) {
      const why = interrupted(folder.path);
      await finish('interrupted', why);
      throw why;
    }
    // The first error counts; a disk that is full must not hide it.
    await finish('failed', error).catch(() => undefined);
    throw error;
  } finally {
    // Nor may a service that cannot be closed.
    const closed = container?.then((services) => services.close());
    await (failed ? closed?.catch(() => undefined) : closed);
  }
}

/** Lets the services that the plan needs look at the environment: a mistake there ends a run before it begins. */
function checkServices({ nodes, registry }: Plan): void {
  const names = nodes.flatMap(({ declared }) =>
    (Object.values(declared.definition.dependencies) as Token<unknown>[]).map(({ name }) => name),
  );
  const errors: UserError[] = [];
  for (const name of new Set(names)) {
    try {
      registry.services.get(name)?.check?.();
    } catch (error) {
      errors.push(...errorsOf(error));
    }
  }
  throwErrors(errors);
}

interface Parts {
  readonly plan: Plan;
  readonly folder: RunFolder;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  readonly store: CacheStore;
  readonly useCache: boolean;
  readonly keys: Keys;
  readonly container: () => Promise<RunContainer>;
}

async function runNodes(parts: Parts, records: StageRecord[]): Promise<Map<PlanNode, NodeResult>> {
  const { plan, emit, signal } = parts;
  const results = new Map<PlanNode, NodeResult>();
  const folders = folderNames(plan.jobs.map(({ name }) => name));
  const waiting = new Map(plan.jobs.map((job) => [job, new Set(job.needed)]));
  for (const [index, node] of plan.nodes.entries()) {
    signal.throwIfAborted();
    const jobs = plan.jobs.filter(({ needed }) => needed.includes(node)).map(({ name }) => name);
    const { id, kind } = node.declared.definition;
    const ref = { stage: node.stage, use: id, jobs, index: index + 1, count: plan.nodes.length };
    const result = await runNode({ ...parts, node, ref, results });
    results.set(node, result);
    records.push({
      stage: node.stage,
      use: node.declared.qualified,
      kind,
      jobs,
      key: result.key,
      cached: result.cached,
      seconds: result.seconds,
      computeSeconds: result.computeSeconds,
      warnings: result.warnings,
      outputs: Object.fromEntries(
        Object.entries(result.outputs).map(([name, { digest }]) => [name, digest]),
      ),
    });
    for (const [job, left] of waiting) {
      if (!left.delete(node) || left.size > 0) continue;
      await writeResults(parts, folders.get(job.name)!, job.needed, results);
      emit({ type: 'job-finished', job: job.name });
    }
  }
  return results;
}

/** Writes a job's numbers for people and scripts: `results/<job>/<stage>.<output>.json`. */
async function writeResults(
  { store, folder }: Parts,
  job: string,
  nodes: readonly PlanNode[],
  results: ReadonlyMap<PlanNode, NodeResult>,
): Promise<void> {
  for (const node of nodes) {
    for (const [output, { type, digest }] of Object.entries(results.get(node)!.outputs)) {
      if (type !== 'scalars' && type !== 'series') continue;
      const value = await store.load(digest);
      await folder.write(
        `results/${job}/${node.stage}.${output}.json`,
        `${JSON.stringify(value, null, 2)}\n`,
      );
    }
  }
}

function jobResult(
  job: Plan['jobs'][number],
  results: ReadonlyMap<PlanNode, NodeResult>,
  store: CacheStore,
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

function errorRecord(error: unknown): { code: string; message: string } {
  if (error instanceof UserError) return { code: error.code, message: error.message };
  return { code: 'DEFECT', message: error instanceof Error ? error.message : String(error) };
}
