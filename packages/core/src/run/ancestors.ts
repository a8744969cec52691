import type { Ancestor } from '../contracts/stage.js';
import type { WorkNode } from './work.js';

/** Names of the node and of those before it, each once, without looking past a `model` stage. */
export function ancestorsOf(node: WorkNode | undefined): readonly Ancestor[] {
  const found = new Map<WorkNode, Ancestor>();
  const visit = (current: WorkNode) => {
    if (found.has(current)) return;
    const { kind, id } = current.declared.definition;
    found.set(current, Object.freeze({ stage: current.stage, kind, use: id }));
    if (kind === 'model') return;
    for (const { node: before } of Object.values(current.inputs)) visit(before);
  };
  if (node) visit(node);
  return [...found.values()];
}
