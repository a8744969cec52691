import { digestOf } from '../cache/canonical.js';
import type { MistakeList } from '../errors/error-list.js';
import { cycle } from '../errors/templates/configuration.js';
import type { Connection } from './connect.js';
import type { NodeOutput, PlanNode } from './plan.js';
import type { ConfiguredStage } from './stage-config.js';

/** Where each stage's inputs come from, by stage and port. */
export type Connections = ReadonlyMap<string, ReadonlyMap<string, Connection>>;

/** Adds an error where stages wait for one another. */
export function findCycle(
  stages: ReadonlyMap<string, ConfiguredStage | undefined>,
  connections: Connections,
  errors: MistakeList,
): void {
  const done = new Set<string>();
  const chain = new Set<string>();
  const visit = (name: string): boolean => {
    if (done.has(name)) return false;
    if (chain.has(name)) {
      const names = [...chain];
      errors.push(cycle([...names.slice(names.indexOf(name)), name], stages.get(name)!.place));
      return true;
    }
    chain.add(name);
    for (const { stage } of connections.get(name)?.values() ?? []) if (visit(stage)) return true;
    chain.delete(name);
    done.add(name);
    return false;
  };
  for (const name of stages.keys()) if (visit(name)) return;
}

/** The nodes of all jobs; equal work of several jobs is one node. */
export interface SharedNodes {
  readonly byId: Map<string, PlanNode>;
  /** By the objects that a node is made of: most jobs share them, and no digest has to be computed. */
  readonly byParts: Map<string, PlanNode>;
  readonly numberOf: (part: object) => number;
}

export function sharedNodes(): SharedNodes {
  const numbers = new WeakMap<object, number>();
  let last = 0;
  const numberOf = (part: object) => {
    const number = numbers.get(part) ?? ++last;
    numbers.set(part, number);
    return number;
  };
  return { byId: new Map(), byParts: new Map(), numberOf };
}

/** The nodes of one job. */
export function makeNodes(
  stages: ReadonlyMap<string, ConfiguredStage>,
  connections: Connections,
  seed: number,
  shared: SharedNodes,
): Map<string, PlanNode> {
  const nodes = new Map<string, PlanNode>();
  const make = (name: string): PlanNode => {
    const made = nodes.get(name);
    if (made) return made;
    const stage = stages.get(name)!;
    const inputs: Record<string, NodeOutput> = {};
    let parts = `${shared.numberOf(stage)} ${seed}`;
    for (const port of Object.keys(stage.declared.definition.inputs)) {
      const connection = connections.get(name)?.get(port);
      if (!connection) continue;
      const input = { node: make(connection.stage), output: connection.output };
      inputs[port] = input;
      parts += ` ${port}:${shared.numberOf(input.node)}.${input.output}`;
    }
    const node = shared.byParts.get(parts) ?? uniqueNode(stage, inputs, seed, shared);
    shared.byParts.set(parts, node);
    nodes.set(name, node);
    return node;
  };
  for (const name of stages.keys()) make(name);
  return new Map([...stages.keys()].map((name) => [name, nodes.get(name)!]));
}

function uniqueNode(
  stage: ConfiguredStage,
  inputs: Readonly<Record<string, NodeOutput>>,
  seed: number,
  { byId }: SharedNodes,
): PlanNode {
  const { name, declared, options, place, optionPlaces } = stage;
  const id = digestOf({
    stage: name,
    use: declared.qualified,
    version: declared.definition.version,
    options,
    seed,
    inputs: Object.fromEntries(
      Object.entries(inputs).map(([port, { node, output }]) => [port, [node.id, output]]),
    ),
  });
  const node = byId.get(id) ?? {
    id,
    stage: name,
    declared,
    options,
    seed,
    inputs,
    place,
    optionPlaces,
  };
  byId.set(id, node);
  return node;
}
