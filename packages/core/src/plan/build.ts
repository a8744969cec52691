import type { Place, UserError } from '../contracts/error.js';
import type { AnyService } from '../contracts/plugin.js';
import type { Token } from '../contracts/token.js';
import { child, entriesOf, toPlain, type ConfigNode } from '../config/node.js';
import { Mistakes, throwErrors, type MistakeList } from '../errors/error-list.js';
import { ownOr } from '../errors/own.js';
import { missingService, stageMistake, unusedPreset } from '../errors/templates/configuration.js';
import { serviceNotIsolated } from '../errors/templates/isolation.js';
import { checkFailed } from '../errors/templates/plugins.js';
import { stageName } from '../errors/templates/run.js';
import { createRegistry, type Registry } from '../plugins/registry.js';
import { connector, type Connection } from './connect.js';
import type { Experiment, FilledCell } from './experiment.js';
import { namedGoals, neededNodes } from './goals.js';
import { findCycle, makeNodes, sharedNodes } from './graph.js';
import { mistakesOf } from './mistakes.js';
import type { Plan, PlanJob } from './plan.js';
import { planReporters } from './reporters.js';
import { seedOf } from './seed.js';
import { configureStage, type ConfiguredStage } from './stage-config.js';

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
  const errors = new Mistakes(experiment.problems);
  const registry = createRegistry(experiment.plugins, request.services ?? [], root.place);
  const jobs = experiment.cells.map(jobPlanner(registry, errors));
  const reporters = planReporters(experiment, registry, errors);
  const own = errors.found.filter((error) => !followsFrom(error, experiment.problems));
  throwErrors(withoutRepeated(own));
  const nodes = new Set(jobs.flatMap(({ needed }) => needed));
  return {
    experiment,
    name: config.name,
    title: config.title ?? config.name,
    description: config.description ?? '',
    seeds: [...new Set(jobs.map(({ seed }) => seed))],
    registry,
    jobs,
    nodes: [...nodes],
    reporters,
  };
}

/** A plugin's fault at one place is one, whichever job meets it. */
function withoutRepeated(errors: readonly UserError[]): UserError[] {
  return errors.filter(
    ({ errorClass, code, place }, at) =>
      errorClass !== 'plugin' ||
      errors.findIndex((one) => one.code === code && samePlace(one.place, place)) === at,
  );
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

/** A function that plans one job after the other. What several jobs have in common is looked at once. */
function jobPlanner(registry: Registry, errors: Mistakes): (cell: FilledCell) => PlanJob {
  const shared = sharedNodes();
  const connect = connector(errors);
  const once = remember();
  const faultless = (work: () => unknown) => {
    const before = errors.length;
    work();
    return errors.length === before;
  };
  return (cell) => {
    const preset = textOf(cell.preset);
    const configured = new Map<string, ConfiguredStage | undefined>();
    let sound = true;
    for (const [name, { key, value }] of entriesOf(cell.stages)) {
      const found = once(value, `${name} ${preset ?? ''}`, () => {
        let stage: ConfiguredStage | undefined;
        const good = faultless(() => {
          stage = configureStage(name, value, key, registry, preset, cell.name, errors);
        });
        return { stage, good };
      });
      configured.set(name, found.stage);
      sound &&= found.good;
    }
    const before = errors.length;
    checkPreset(cell.preset, configured, errors);
    const goals = namedGoals(cell, [...configured.keys()], errors);
    const connections = new Map<string, ReadonlyMap<string, Connection>>();
    const reach = (name: string) => {
      const stage = configured.get(name);
      if (!stage || connections.has(name)) return;
      const found = connect(stage, configured);
      connections.set(name, found);
      sound &&= once(stage, 'check', () =>
        faultless(() => {
          checkServices(stage, registry, errors);
          checkStage(stage, cell.name, errors);
        }),
      );
      for (const connection of found.values()) reach(connection.stage);
    };
    // A job that names its goals is checked as far as they reach: another job may wire the rest differently.
    for (const name of goals ?? configured.keys()) reach(name);
    findCycle(configured, connections, errors);
    const seed = seedOf(cell.seed, errors);
    const job = { name: cell.name, axes: cell.axes, seed };
    if (!sound || errors.length > before) return { ...job, stages: new Map(), needed: [] };
    const stages = makeNodes(
      configured as ReadonlyMap<string, ConfiguredStage>,
      connections,
      seed,
      shared,
    );
    return { ...job, stages, needed: neededNodes(stages, goals) };
  };
}

/** Does work once for each object and name, and gives its result again after that. */
function remember() {
  const results = new WeakMap<object, Map<string, unknown>>();
  return <T>(about: object, name: string, work: () => T): T => {
    const known = results.get(about) ?? new Map<string, unknown>();
    results.set(about, known);
    if (!known.has(name)) known.set(name, work());
    return known.get(name) as T;
  };
}

/** What the stage itself says of its options and inputs; options that do not fit are told already. */
function checkStage(
  { name, node, declared, options, place, optionPlaces }: ConfiguredStage,
  job: string,
  errors: MistakeList,
): void {
  const { id, check } = declared.definition;
  if (options === undefined || !check) return;
  const connected = new Set(entriesOf(child(node, 'inputs')).map(([port]) => port));
  let told: UserError[];
  try {
    told = mistakesOf(check(options, connected));
  } catch (error) {
    errors.push(checkFailed(stageName(name, id, declared.plugin.name, [job]), error, place));
    return;
  }
  for (const found of told) {
    errors.push(stageMistake(name, id, found, ownOr(optionPlaces, found.option, place)));
  }
}

function checkServices(stage: ConfiguredStage, registry: Registry, errors: MistakeList): void {
  const { definition, plugin } = stage.declared;
  for (const { name } of Object.values(definition.dependencies) as Token<unknown>[]) {
    const service = registry.services.get(name);
    if (service && plugin.isolated && !service.isolated) {
      errors.push(serviceNotIsolated(stage.name, plugin.name, name, stage.place));
    }
    if (service) continue;
    const known = [...registry.services.keys()];
    errors.push(missingService(stage.name, definition.id, name, known, stage.place));
  }
}

/** The file's preset must be known to one of its stages at least. */
function checkPreset(
  preset: ConfigNode | undefined,
  stages: ReadonlyMap<string, ConfiguredStage | undefined>,
  errors: MistakeList,
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
