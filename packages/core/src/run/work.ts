import type { AnyService } from '../contracts/plugin.js';
import type { Plan, PlanNode } from '../plan/plan.js';

/** What is needed of a plan to do its nodes' work, be it in the process that planned or in another. */
export interface Work {
  /** The experiment file's folder, from which paths in options start. */
  readonly folder: string;
  /** By id. */
  readonly nodes: ReadonlyMap<string, WorkNode>;
  readonly services: ReadonlyMap<string, AnyService>;
}

export type WorkNode = Pick<PlanNode, 'id' | 'stage' | 'declared' | 'options' | 'seed'> & {
  readonly inputs: Readonly<Record<string, { readonly node: WorkNode; readonly output: string }>>;
};

export function workOf({ experiment, nodes, registry }: Plan): Work {
  return {
    folder: experiment.loaded.folder,
    nodes: new Map(nodes.map((node) => [node.id, node])),
    services: registry.services,
  };
}
