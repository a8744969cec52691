import { resolve } from 'node:path';

import type { StageContext } from '../contracts/stage.js';
import type { CacheStore } from '../cache/store.js';
import { undeclaredAncestors } from '../errors/templates/run.js';
import type { Plan, PlanNode } from '../plan/plan.js';
import { randomStream } from '../random/stream.js';
import { ancestorsOf } from './ancestors.js';
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
    ancestors(port) {
      if (!node.declared.definition.readsAncestors)
        throw undeclaredAncestors(node.declared.definition.id);
      return ancestorsOf(node.inputs[port]?.node);
    },
    saveCheckpoint: (state) => store.saveCheckpoint(key, state),
    loadCheckpoint: () => store.loadCheckpoint(key),
    resolvePath: (path) => resolve(plan.experiment.loaded.folder, path),
  };
}
