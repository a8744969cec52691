import type { UserError } from '../contracts/error.js';
import type { AnyService } from '../contracts/plugin.js';
import type { Token } from '../contracts/token.js';
import { digestOf } from '../cache/canonical.js';
import { child, entriesOf } from '../config/node.js';
import { errorsOf, throwErrors } from '../errors/error-list.js';
import { cycle, missingService, unknownStageName } from '../errors/templates/configuration.js';
import { createRegistry, type Registry } from '../plugins/registry.js';
import { connectInputs, type Connection } from './connect.js';
import type { Experiment } from './experiment.js';
import type { NodeOutput, Plan, PlanJob, PlanNode, PlanReporter } from './plan.js';
import { configureStage, resolveOptions, type ConfiguredStage } from './stage-config.js';

export interface PlanRequest {
  /** Services of the program itself, beside those of the plugins. */
  readonly services?: readonly AnyService[];
}

/**
 * Checks all jobs of an experiment and lays out their work.
 *
 * @throws UserErrorList with every mistake of the file
 */
export function planExperiment(experiment: Experiment, request: PlanRequest = {}): Plan {
  const { root, config } = experiment.loaded;
  const errors: UserError[] = [...experiment.problems];
  const registry = createRegistry(experiment.plugins, request.services ?? [], root.place);
  const shared = new Map<string, PlanNode>();
  const goals = namedGoals(experiment, errors);
  const jobs = experiment.cells.map((cell) => planJob(cell, goals, registry, shared, errors));
  const reporters = planReporters(experiment, registry, errors);
  // A stage of a plugin that did not load is not misspelt.
  const pluginMissing = experiment.problems.some(({ errorClass }) => errorClass === 'plugin');
  throwErrors(
    pluginMissing
      ? errors.filter(({ code }) => code !== 'UNKNOWN_USE' && code !== 'UNKNOWN_REPORTER')
      : errors,
  );
  return {
    experiment,
    name: config.name,
    title: config.title ?? config.name,
    description: config.description ?? '',
    seed: config.seed ?? 0,
    registry,
    jobs,
    nodes: [...new Set(jobs.flatMap(({ needed }) => needed))],
    reporters,
  };
}

function planJob(
  cell: Experiment['cells'][number],
  goals: readonly string[],
  registry: Registry,
  shared: Map<string, PlanNode>,
  errors: UserError[],
): PlanJob {
  const before = errors.length;
  const configured = new Map<string, ConfiguredStage | undefined>();
  for (const [name, { key, value }] of entriesOf(cell.stages)) {
    configured.set(name, configureStage(name, value, key, registry, errors));
  }
  const connections = new Map<string, ReadonlyMap<string, Connection>>();
  for (const [name, stage] of configured) {
    if (!stage) continue;
    connections.set(name, connectInputs(stage, configured, errors));
    checkServices(stage, registry, errors);
  }
  findCycle(configured, connections, errors);
  const job = { name: cell.name, axes: cell.axes };
  if (errors.length > before) return { ...job, stages: new Map(), needed: [] };
  const stages = makeNodes(configured as ReadonlyMap<string, ConfiguredStage>, connections, shared);
  return { ...job, stages, needed: neededNodes(stages, goals) };
}

function checkServices(stage: ConfiguredStage, registry: Registry, errors: UserError[]): void {
  const { definition } = stage.declared;
  for (const { name } of Object.values(definition.dependencies) as Token<unknown>[]) {
    if (registry.services.has(name)) continue;
    const known = [...registry.services.keys()];
    errors.push(missingService(stage.name, definition.id, name, known, stage.place));
  }
}

function findCycle(
  stages: ReadonlyMap<string, ConfiguredStage | undefined>,
  connections: ReadonlyMap<string, ReadonlyMap<string, Connection>>,
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

function makeNodes(
  stages: ReadonlyMap<string, ConfiguredStage>,
  connections: ReadonlyMap<string, ReadonlyMap<string, Connection>>,
  shared: Map<string, PlanNode>,
): Map<string, PlanNode> {
  const nodes = new Map<string, PlanNode>();
  const make = (name: string): PlanNode => {
    const made = nodes.get(name);
    if (made) return made;
    const { declared, options, place } = stages.get(name)!;
    const inputs: Record<string, NodeOutput> = {};
    for (const port of Object.keys(declared.definition.inputs)) {
      const connection = connections.get(name)!.get(port);
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
    const node = shared.get(id) ?? { id, stage: name, declared, options, inputs, place };
    shared.set(id, node);
    nodes.set(name, node);
    return node;
  };
  return new Map([...stages.keys()].map((name) => [name, make(name)]));
}

/** The goals and all that they need, each node after its inputs, in the file's order. */
function neededNodes(
  stages: ReadonlyMap<string, PlanNode>,
  namedGoals: readonly string[],
): PlanNode[] {
  const goals = [...stages].filter(([name, { declared }]) => {
    const { kind } = declared.definition;
    return kind === 'metric' || kind === 'exporter' || namedGoals.includes(name);
  });
  const needed = new Set<PlanNode>();
  const visit = (node: PlanNode) => {
    if (needed.has(node)) return;
    for (const { node: source } of Object.values(node.inputs)) visit(source);
    needed.add(node);
  };
  for (const node of goals.length > 0 ? goals.map(([, goal]) => goal) : stages.values())
    visit(node);
  return [...needed];
}

function namedGoals({ loaded }: Experiment, errors: UserError[]): string[] {
  const node = child(loaded.root, 'goals');
  const known = entriesOf(child(loaded.root, 'stages')).map(([name]) => name);
  const goals = node?.kind === 'list' ? node.items : [];
  return goals.map((goal) => {
    const name = String((goal as { value?: unknown }).value);
    if (!known.includes(name)) errors.push(unknownStageName(name, known, goal.place, '"goals"'));
    return name;
  });
}

function planReporters(
  { loaded }: Experiment,
  registry: Registry,
  errors: UserError[],
): PlanReporter[] {
  const list = child(loaded.root, 'reporters');
  const planned: PlanReporter[] = [];
  for (const item of list?.kind === 'list' ? list.items : []) {
    const use = child(item, 'use') as { value: string; place: typeof item.place };
    try {
      const declared = registry.reporter(use.value, use.place);
      const options = resolveOptions(
        declared.definition.options,
        child(item, 'options'),
        use.place,
        `reporter "${use.value}"`,
        errors,
      );
      planned.push({ declared, options });
    } catch (error) {
      errors.push(...errorsOf(error));
    }
  }
  return planned;
}
