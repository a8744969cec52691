import type { UserError } from '../contracts/error.js';
import { digestOf } from '../cache/canonical.js';
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
  errors: UserError[],
): void {
  const done = new Set<string>();
  const visit = (name: string, chain: readonly string[]): boolean => {
    if (done.has(name)) return false;
    const at = chain.indexOf(name);
    if (at >= 0) {
      errors.push(cycle([...chain.slice(at), name], stages.get(name)!.place));
      return true;
    }
    for (const { stage } of connections.get(name)?.values() ?? []) {
      if (visit(stage, [...chain, name])) return true;
    }
    done.add(name);
    return false;
  };
  for (const name of stages.keys()) if (visit(name, [])) return;
}

/**
 * The nodes of one job.
 *
 * @param shared the nodes of all jobs by id; equal work of several jobs is one node
 */
export function makeNodes(
  stages: ReadonlyMap<string, ConfiguredStage>,
  connections: Connections,
  shared: Map<string, PlanNode>,
): Map<string, PlanNode> {
  const nodes = new Map<string, PlanNode>();
  const make = (name: string): PlanNode => {
    const made = nodes.get(name);
    if (made) return made;
    const { declared, options, place, optionPlaces } = stages.get(name)!;
    const inputs: Record<string, NodeOutput> = {};
    for (const port of Object.keys(declared.definition.inputs)) {
      const connection = connections.get(name)?.get(port);
      if (connection) inputs[port] = { node: make(connection.stage), output: connection.output };
    }
    const id = digestOf({
      stage: name,
      use: declared.qualified,
      version: declared.definition.version,
      options,
      inputs: Object.fromEntries(
        Object.entries(inputs).map(([port, { node, output }]) => [port, [node.id, output]]),
      ),
    });
    const node = shared.get(id) ?? {
      id,
      stage: name,
      declared,
      options,
      inputs,
      place,
      optionPlaces,
    };
    shared.set(id, node);
    nodes.set(name, node);
    return node;
  };
  return new Map([...stages.keys()].map((name) => [name, make(name)]));
}
