import type { NodeEvent } from '../contracts/event.js';
import type { Profiler } from '../contracts/profile.js';
import type { NodeJob, NodeOutcome, NodeResult, StoredOutput } from '../contracts/work.js';
import type { Cache, CacheEntry, Lease } from '../cache/cache.js';
import { guarded } from '../errors/stray.js';
import { stageName } from '../errors/templates/run.js';
import { isolatedInstance } from '../isolation/instance.js';
import { checkOutputs } from './artefact-check.js';
import type { RunContainer } from './container.js';
import { stageContext } from './context.js';
import { failedNode } from './failed-node.js';
import { effectPresent } from './fingerprint.js';
import type { Keys, NodeKey } from './keys.js';
import type { ProfileRows } from './profile-rows.js';
import { createStop } from './stop.js';
import { withProfile } from './with-profile.js';
import type { Work, WorkNode } from './work.js';

/** What a process needs to do nodes' work. */
export interface NodeTools {
  readonly work: Work;
  readonly keys: Keys;
  readonly cache: Cache;
  /** The services, with so many threads. */
  readonly container: (threads: number, profiler: Profiler | undefined) => Promise<RunContainer>;
  /** What services tell of their time, where a node is profiled. */
  readonly profile: ProfileRows;
}

/** The part of a job that says what to compute. */
export type NodeTask = Pick<NodeJob, 'node' | 'inputs' | 'threads' | 'useCache' | 'profiled'>;

type Emit = (event: NodeEvent) => void;

/** Does one node's work: key, find, compute, commit. Inputs and outputs are digests; artefacts lie in the cache. */
export async function runNode(
  tools: NodeTools,
  task: NodeTask,
  emit: Emit,
  signal: AbortSignal,
): Promise<NodeOutcome> {
  const { stage, declared } = tools.work.nodes.get(task.node)!;
  const owner = { name: stageName(stage, declared.definition.id, declared.plugin.name, []) };
  const ended = new AbortController();
  const anyEnd = AbortSignal.any([signal, ended.signal]);
  try {
    const result = await guarded(
      owner,
      async () => (await findNode(tools, task)) ?? (await computeOnce(tools, task, emit, anyEnd)),
    );
    return result === undefined ? { status: 'elsewhere' } : { status: 'finished', result };
  } catch (error) {
    ended.abort();
    const status = signal.aborted ? 'interrupted' : 'failed';
    return failedNode(status, error);
  }
}

/** The node's result, where the cache has it and whatever else the stage does is done. */
export async function findNode(
  { work, keys, cache }: Pick<NodeTools, 'work' | 'keys' | 'cache'>,
  task: NodeTask,
): Promise<NodeResult | undefined> {
  if (!task.useCache) return undefined;
  const node = work.nodes.get(task.node)!;
  const nodeKey = await keys.of(node, task.inputs);
  const entry = await cache.results.find(nodeKey.key);
  if (!entry) return undefined;
  const { load } = cache.results;
  if (!(await effectPresent(node, work.folder, entry.outputs, load))) return undefined;
  return foundResult(entry, nodeKey);
}

function foundResult(
  { seconds, warnings, outputs }: CacheEntry,
  { key, services }: NodeKey,
): NodeResult {
  return { key, cached: true, seconds: 0, computeSeconds: seconds, warnings, outputs, services };
}

/** Computes a node, where no other process does so at the same time; else undefined. */
async function computeOnce(
  tools: NodeTools,
  task: NodeTask,
  emit: Emit,
  signal: AbortSignal,
): Promise<NodeResult | undefined> {
  const { keys, cache, work } = tools;
  const node = work.nodes.get(task.node)!;
  const nodeKey = await keys.of(node, task.inputs);
  signal.throwIfAborted();
  const lease = await cache.leases.acquire(nodeKey.key);
  if (!lease) return undefined;
  try {
    // Its holder before may have finished it.
    const found = await findNode(tools, task);
    if (found) return found;
    emit({ type: 'stage-started', node: node.id });
    const work = () => compute(tools, task, node, nodeKey, lease, emit, signal);
    return task.profiled ? await withProfile(node.id, tools.profile, emit, work) : await work();
  } catch (error) {
    if (!lease.lost.aborted || signal.aborted) throw error;
    emit({ type: 'warning', node: node.id, message: 'Another process took this work over.' });
    return undefined;
  } finally {
    await lease.release();
  }
}

async function compute(
  { work, cache, container, profile }: NodeTools,
  { inputs: inputDigests, threads, useCache, profiled }: NodeTask,
  node: WorkNode,
  { key, text, services }: NodeKey,
  lease: Lease,
  emit: Emit,
  signal: AbortSignal,
): Promise<NodeResult> {
  const { results, checkpoints } = cache;
  const { definition } = node.declared;
  if (!useCache) await checkpoints.drop(key);
  const clock = performance.now();
  const warnings: string[] = [];
  const listen: Emit = (event) => {
    if (event.type === 'warning') warnings.push(event.message);
    emit(event);
  };
  const { isolated } = node.declared.plugin;
  const instance = isolated
    ? isolatedInstance(isolated, node, work.folder)
    : await (await container(threads, profiled ? profile : undefined)).instance(node);
  // Every stage gets its own copy of its inputs, as they are stored: none can change another's.
  const inputs: Record<string, unknown> = {};
  for (const [port, digest] of Object.entries(inputDigests)) {
    inputs[port] = await results.load(digest);
  }
  const stop = createStop(signal, lease.lost);
  const context = stageContext({ work, node, key, checkpoints, stop, emit: listen });
  const given = await stop.race(instance.run(context, inputs as never));
  const values = checkOutputs(definition, given);
  const outputs: Record<string, StoredOutput> = {};
  for (const [name, value] of Object.entries(values)) {
    outputs[name] = { type: value.type, ...(await results.put(value)) };
  }
  const seconds = (performance.now() - clock) / 1000;
  const label = `${definition.id} (stage ${node.stage})`;
  const created = new Date().toISOString();
  lease.lost.throwIfAborted();
  await results.commit({ key, label, seconds, created, warnings, outputs, parts: text });
  await checkpoints.drop(key);
  return { key, cached: false, seconds, computeSeconds: seconds, warnings, outputs, services };
}
