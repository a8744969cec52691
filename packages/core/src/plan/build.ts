import type { Place, UserError } from '../contracts/error.js';
import type { AnyService } from '../contracts/plugin.js';
import type { Token } from '../contracts/token.js';
import { digestOf } from '../cache/canonical.js';
import { show } from '../config/issues.js';
import { child, entriesOf, toPlain, type ConfigNode } from '../config/node.js';
import { errorsOf, throwErrors } from '../errors/error-list.js';
import {
  cycle,
  missingService,
  unknownStageName,
  unusedPreset,
  wrongValue,
} from '../errors/templates/configuration.js';
import { createRegistry, type Registry } from '../plugins/registry.js';
import { connectInputs, type Connection } from './connect.js';
import type { Experiment, FilledCell } from './experiment.js';
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
  const jobs = experiment.cells.map((cell) => planJob(cell, registry, shared, errors));
  const reporters = planReporters(experiment, registry, errors);
  throwErrors(errors.filter((error) => !followsFrom(error, experiment.problems)));
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

/** Whether an error is but the consequence of another: a plugin that did not load, an axis that is none. */
function followsFrom({ code, place }: UserError, problems: readonly UserError[]): boolean {
  if (code === 'UNKNOWN_USE' || code === 'UNKNOWN_REPORTER') {
    return problems.some(({ errorClass }) => errorClass === 'plugin');
  }
  return (
    code !== 'UNKNOWN_AXIS' &&
    problems.some((problem) => problem.code === 'UNKNOWN_AXIS' && samePlace(problem.place, place))
  );
}

function samePlace(a: Place | undefined, b: Place | undefined): boolean {
  return a?.file === b?.file && a?.line === b?.line && a?.column === b?.column;
}

function planJob(
  cell: FilledCell,
  registry: Registry,
  shared: Map<string, PlanNode>,
  errors: UserError[],
): PlanJob {
  const before = errors.length;
  const configured = new Map<string, ConfiguredStage | undefined>();
  for (const [name, { key, value }] of entriesOf(cell.stages)) {
    configured.set(name, configureStage(name, value, key, registry, textOf(cell.preset), errors));
  }
  checkPreset(cell.preset, configured, errors);
  const goals = namedGoals(cell, [...configured.keys()], errors);
  const connections = new Map<string, ReadonlyMap<string, Connection>>();
  const connect = (name: string) => {
    const stage = configured.get(name);
    if (!stage || connections.has(name)) return;
    const found = connectInputs(stage, configured, errors);
    connections.set(name, found);
    checkServices(stage, registry, errors);
    for (const connection of found.values()) connect(connection.stage);
  };
  // A job that names its goals is checked as far as they reach: another job may wire the rest differently.
  for (const name of goals ?? configured.keys()) connect(name);
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
    const node = shared.get(id) ?? { id, stage: name, declared, options, inputs, place };
    shared.set(id, node);
    nodes.set(name, node);
    return node;
  };
  return new Map([...stages.keys()].map((name) => [name, make(name)]));
}

/**
 * The goals and all that they need, each node after its inputs, in the file's order. Without named goals these
 * are the metrics and exporters, or everything where there are none.
 */
function neededNodes(
  stages: ReadonlyMap<string, PlanNode>,
  namedGoals: readonly string[] | undefined,
): PlanNode[] {
  const goals = [...stages].filter(([name, { declared }]) => {
    const { kind } = declared.definition;
    return namedGoals ? namedGoals.includes(name) : kind === 'metric' || kind === 'exporter';
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

function namedGoals(
  { goals }: FilledCell,
  known: readonly string[],
  errors: UserError[],
): string[] | undefined {
  if (!goals) return undefined;
  if (goals.kind !== 'list') {
    errors.push(wrongValue('"goals"', 'a list of stages', show(toPlain(goals)), goals.place));
    return [];
  }
  return goals.items.map((goal) => {
    const name = String(toPlain(goal));
    if (!known.includes(name)) errors.push(unknownStageName(name, known, goal.place, '"goals"'));
    return name;
  });
}

/** The file's preset must be known to one of its stages at least. */
function checkPreset(
  preset: ConfigNode | undefined,
  stages: ReadonlyMap<string, ConfiguredStage | undefined>,
  errors: UserError[],
): void {
  const name = textOf(preset);
  if (!preset || name === undefined) return;
  const known = [...stages.values()].flatMap((stage) =>
    Object.keys(stage?.declared.definition.presets ?? {}),
  );
  if (!known.includes(name)) errors.push(unusedPreset(name, [...new Set(known)], preset.place));
}

function textOf(node: ConfigNode | undefined): string | undefined {
  return node === undefined ? undefined : String(toPlain(node));
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
