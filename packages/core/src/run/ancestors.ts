import type { Ancestor, OutputPorts } from '../contracts/stage.js';
import type { WorkNode } from './work.js';

/**
 * Names of the node and of those before it, each once, without looking past the stage that trained the first ANN: a
 * `model` stage that takes no ANN. One that takes an ANN trains it further, so that its images count.
 */
export function ancestorsOf(node: WorkNode | undefined): readonly Ancestor[] {
  const found = new Map<WorkNode, Ancestor>();
  const visit = (current: WorkNode) => {
    if (found.has(current)) return;
    const { kind, id } = current.declared.definition;
    found.set(current, Object.freeze({ stage: current.stage, kind, use: id }));
    const before = Object.values(current.inputs);
    if (kind === 'model' && !before.some(isAnn)) return;
    for (const { node } of before) visit(node);
  };
  if (node) visit(node);
  return [...found.values()];
}

function isAnn({ node, output }: WorkNode['inputs'][string]): boolean {
  return (node.declared.definition.outputs as OutputPorts)[output]!.type === 'ann';
}
