import type { Artefact } from '../contracts/artefacts.js';
import type { OutputPort } from '../contracts/stage.js';
import type { CacheStore, StoredOutput } from '../cache/store.js';
import { stageFailed } from '../errors/templates/run.js';
import type { Plan, PlanNode } from '../plan/plan.js';
import { checkOutputs } from './artefact-check.js';
import type { RunContainer } from './container.js';
import { stageContext } from './context.js';
import type { Emit, StageRef } from './events.js';
import type { Keys } from './keys.js';

/** What a stage gave, by digest; the artefacts themselves lie in the cache. */
export interface NodeResult {
  readonly key: string;
  readonly cached: boolean;
  readonly seconds: number;
  readonly computeSeconds: number;
  readonly warnings: readonly string[];
  readonly outputs: Readonly<Record<string, StoredOutput>>;
}

export interface NodeRequest {
  readonly plan: Plan;
  readonly node: PlanNode;
  readonly ref: StageRef;
  readonly results: ReadonlyMap<PlanNode, NodeResult>;
  readonly store: CacheStore;
  readonly useCache: boolean;
  readonly keys: Keys;
  readonly container: () => Promise<RunContainer>;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

/** How long a stage may take to notice that it shall end. */
const graceMilliseconds = 700;

/** Runs one stage, or takes its result from the cache. */
export async function runNode(request: NodeRequest): Promise<NodeResult> {
  const { node, ref, store, useCache, keys, emit, signal } = request;
  const { plugin } = node.declared;
  const failed = (cause: unknown) => {
    const stack = cause instanceof Error ? cause.stack : undefined;
    const { stage, place, optionPlaces } = node;
    const error = stageFailed(stage, ref.use, plugin.name, ref.jobs, place, optionPlaces, cause);
    emit({ type: 'stage-failed', ...ref, message: error.message, stack });
    return error;
  };
  const inputDigests = Object.fromEntries(
    Object.entries(node.inputs).map(([port, { node: source, output }]) => [
      port,
      request.results.get(source)!.outputs[output]!.digest,
    ]),
  );
  const key = await keys.of(node, inputDigests).catch((cause: unknown) => {
    throw failed(cause);
  });
  const known = useCache ? await store.find(key) : undefined;
  if (known) {
    const result = {
      key,
      cached: true,
      seconds: 0,
      computeSeconds: known.seconds,
      warnings: known.warnings,
      outputs: known.outputs,
    };
    emit({
      type: 'stage-finished',
      ...ref,
      cached: true,
      seconds: 0,
      key,
      outputs: digests(known.outputs),
    });
    return result;
  }

  emit({ type: 'stage-started', ...ref });
  if (!useCache) await store.dropCheckpoint(key);
  const clock = performance.now();
  const warnings: string[] = [];
  const listen: Emit = (event) => {
    if (event.type === 'warning') warnings.push(event.message);
    emit(event);
  };
  const values = await compute({ ...request, emit: listen }, key, inputDigests).catch(
    (cause: unknown) => {
      throw signal.aborted ? cause : failed(cause);
    },
  );
  const outputs: Record<string, StoredOutput> = {};
  for (const [name, value] of Object.entries(values)) {
    outputs[name] = { type: value.type, ...(await store.put(value)) };
  }
  const seconds = (performance.now() - clock) / 1000;
  const label = `${ref.use} (stage ${node.stage})`;
  const created = new Date().toISOString();
  await store.commit({ key, label, seconds, created, warnings, outputs });
  await store.dropCheckpoint(key);
  emit({ type: 'stage-finished', ...ref, cached: false, seconds, key, outputs: digests(outputs) });
  return { key, cached: false, seconds, computeSeconds: seconds, warnings, outputs };
}

async function compute(
  request: NodeRequest,
  key: string,
  inputDigests: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, Artefact>>> {
  const { plan, node, store, signal, emit, ref, container } = request;
  const instance = await (await container()).instance(node);
  // Every stage gets its own copy of its inputs, as they are stored: none can change another's.
  const inputs: Record<string, unknown> = {};
  for (const [port, digest] of Object.entries(inputDigests))
    inputs[port] = await store.load(digest);
  const context = stageContext({ plan, node, key, store, signal, emit, ref });
  const outputs = await endSoon(instance.run(context, inputs as never), signal);
  return checkOutputs(
    node.declared.definition.outputs as Readonly<Record<string, OutputPort>>,
    outputs as Readonly<Record<string, unknown>>,
  );
}

/** The promise's outcome, or, a moment after an abort, the abort's reason. */
async function endSoon<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let listen: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    listen = () => {
      timer = setTimeout(() => reject(signal.reason as Error), graceMilliseconds);
    };
    signal.addEventListener('abort', listen, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    clearTimeout(timer);
    if (listen) signal.removeEventListener('abort', listen);
  }
}

function digests(outputs: Readonly<Record<string, StoredOutput>>): Record<string, string> {
  return Object.fromEntries(Object.entries(outputs).map(([name, { digest }]) => [name, digest]));
}
