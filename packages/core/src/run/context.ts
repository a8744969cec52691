import { resolve } from 'node:path';

import type { NodeEvent } from '../contracts/event.js';
import type { StageContext } from '../contracts/stage.js';
import type { Checkpoints } from '../cache/cache.js';
import { undeclaredAncestors } from '../errors/templates/run.js';
import { textOf } from '../errors/thrown.js';
import { randomStream } from '../random/stream.js';
import { ancestorsOf } from './ancestors.js';
import type { StopSignal } from './stop.js';
import type { Work, WorkNode } from './work.js';

export interface ContextParts {
  readonly work: Work;
  readonly node: WorkNode;
  readonly key: string;
  readonly checkpoints: Checkpoints;
  readonly stop: StopSignal;
  readonly emit: (event: NodeEvent) => void;
}

/** What one running stage gets from the runner. */
export function stageContext({
  work,
  node,
  key,
  checkpoints,
  stop,
  emit,
}: ContextParts): StageContext {
  const { id } = node;
  return {
    stage: node.stage,
    signal: stop.signal,
    random: (name) => randomStream(node.seed, node.stage, name),
    progress: (done, total, note) => emit({ type: 'stage-progress', node: id, done, total, note }),
    warn: (message) => emit({ type: 'warning', node: id, message: textOf(message) }),
    info: (message) => emit({ type: 'info', node: id, message: textOf(message) }),
    record: (event, data) => emit({ type: 'record', node: id, event, data }),
    ancestors(port) {
      if (!node.declared.definition.readsAncestors)
        throw undeclaredAncestors(node.declared.definition.id);
      return ancestorsOf(node.inputs[port]?.node);
    },
    async saveCheckpoint(state) {
      await stop.whileSaving(() => checkpoints.save(key, state));
    },
    loadCheckpoint: () => checkpoints.load(key),
    resolvePath: (path) => resolve(work.folder, path),
  };
}
