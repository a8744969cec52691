import { resolve } from 'node:path';

import type { Ancestor, StageContext } from '../contracts/stage.js';
import type { CacheStore } from '../cache/store.js';
import type { Plan, PlanNode } from '../plan/plan.js';
import { randomStream } from '../random/stream.js';
import type { Emit, StageRef } from './events.js';

export interface ContextParts {
  readonly plan: Plan;
  readonly node: PlanNode;
  readonly key: string;
  readonly store: CacheStore;
  readonly signal: AbortSignal;
  readonly emit: Emit;
  readonly ref: StageRef;
}

/** What one running stage gets from the runner. */
export function stageContext({
  plan,
  node,
  key,
  store,
  signal,
  emit,
  ref,
}: ContextParts): StageContext {
  return {
    stage: node.stage,
    signal,
    random: (name) => randomStream(plan.seed, node.stage, name),
    progress: (done, total, note) => emit({ type: 'stage-progress', ...ref, done, total, note }),
    warn: (message) => emit({ type: 'warning', ...ref, message }),
    info: (message) => emit({ type: 'info', ...ref, message }),
    record: (event, data) => emit({ type: 'record', ...ref, event, data }),
    ancestors: (port) => ancestorsOf(node.inputs[port]?.node),
    saveCheckpoint: (state) => store.saveCheckpoint(key, state),
    loadCheckpoint: () => store.loadCheckpoint(key),
    resolvePath: (path) => resolve(plan.experiment.loaded.folder, path),
  };
}

/** Names of the node and of those before it, each once, without looking past a `model` stage. */
export function ancestorsOf(node: PlanNode | undefined): readonly Ancestor[] {
  const found = new Map<PlanNode, Ancestor>();
  const visit = (current: PlanNode) => {
    if (found.has(current)) return;
    const { kind, id } = current.declared.definition;
    found.set(current, Object.freeze({ stage: current.stage, kind, use: id }));
    if (kind === 'model') return;
    for (const { node: before } of Object.values(current.inputs)) visit(before);
  };
  if (node) visit(node);
  return [...found.values()];
}
