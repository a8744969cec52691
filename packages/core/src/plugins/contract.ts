import { artefactTypes, type ArtefactType } from '../contracts/artefacts.js';
import { kindContracts } from '../contracts/kinds.js';
import type { AnyLauncher, AnyReporter, AnyStage, Plugin } from '../contracts/plugin.js';
import { stageKinds } from '../contracts/stage.js';
import type { Token } from '../contracts/token.js';

const idForm = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
const portForm = /^[A-Za-z][A-Za-z0-9]*$/;

/** A breach of the contract, and what to do about it where that is more than to correct it. */
export interface Fault {
  readonly what: string;
  readonly hint?: string;
}

/** How a plugin breaks the contract; empty when it does not. */
export function pluginFaults(value: unknown): Fault[] {
  const hint = 'Export by default what definePlugin({ name, stages, reporters }) returns.';
  if (!isObject(value)) return [{ what: 'its default export is no object.', hint }];
  const plugin = value as unknown as Plugin;
  if (typeof plugin.name !== 'string') return [{ what: 'its default export has no name.', hint }];
  const { stages = [], reporters = [], launchers = [], services = [] } = plugin;
  if (![stages, reporters, launchers, services].every((list) => Array.isArray(list))) {
    return [{ what: 'its "stages", "reporters", "launchers" and "services" are not lists.', hint }];
  }
  return [
    ...stages.flatMap((stage) => misplaced(stage, 'stages') ?? faults(stageFaults(stage))),
    ...reporters.flatMap(
      (reporter) => misplaced(reporter, 'reporters') ?? faults(reporterFaults(reporter)),
    ),
    ...launchers.flatMap(
      (launcher) => misplaced(launcher, 'launchers') ?? faults(launcherFaults(launcher)),
    ),
    ...services.flatMap(serviceFaults),
  ];
}

const faults = (texts: readonly string[]): Fault[] => texts.map((what) => ({ what }));

const lists = { reporter: 'reporters', launcher: 'launchers' } as const;

/** A reporter among the stages, or a stage among the reporters. */
function misplaced(
  declared: unknown,
  list: 'stages' | 'reporters' | 'launchers',
): Fault[] | undefined {
  if (!isObject(declared)) return undefined;
  const { kind, id } = declared;
  const apart = kind === 'reporter' || kind === 'launcher';
  const home = apart ? lists[kind] : 'stages';
  const known = apart || stageKinds.some((one) => one === kind);
  if (!known || home === list) return undefined;
  const what = `"${String(id)}" is of kind ${String(kind)} and stands under "${list}".`;
  return [{ what, hint: `Move it to "${home}" in definePlugin.` }];
}

/** How a stage breaks the contract of its kind. */
export function stageFaults(stage: AnyStage): string[] {
  if (!isObject(stage)) return ['a stage is no object made by defineStage.'];
  const name = `stage "${String(stage.id)}"`;
  const contract = Object.hasOwn(kindContracts, stage.kind) ? kindContracts[stage.kind] : undefined;
  if (!contract) {
    return [`${name} has the kind "${String(stage.kind)}"; kinds are ${stageKinds.join(', ')}.`];
  }
  const faults = [...commonFaults(stage, name)];
  if (!isObject(stage.inputs) || !isObject(stage.outputs) || !isObject(stage.dependencies)) {
    return [...faults, `${name} must declare inputs, outputs and dependencies.`];
  }
  const malformed = [...portFaults(stage.inputs, 'types'), ...portFaults(stage.outputs, 'type')];
  malformed.push(...dependencyFaults(stage.dependencies));
  if (malformed.length > 0) return [...faults, ...malformed.map((what) => `${name} has ${what}`)];
  const inputs = Object.entries(stage.inputs) as [string, AnyStage['inputs'][string]][];
  const outputs = Object.entries(stage.outputs) as [string, AnyStage['outputs'][string]][];
  for (const [port, { types }] of inputs) {
    const wrong = types.filter((type: ArtefactType) => !contract.inputs.includes(type));
    if (wrong.length > 0) {
      faults.push(
        `${name} takes ${wrong.join(', ')} as "${port}"; a stage of kind ${stage.kind} may take ` +
          `${contract.inputs.join(', ')}.`,
      );
    }
  }
  for (const needed of contract.needs ?? []) {
    const found = inputs.some(
      ([, { optional, types }]) =>
        !optional && types.some((type: ArtefactType) => needed.includes(type)),
    );
    if (!found) {
      faults.push(
        `${name} has no required input for ${needed.join(' or ')}, as every stage of kind ${stage.kind} must.`,
      );
    }
  }
  for (const [port, { type }] of outputs) {
    if (!contract.outputs.includes(type)) {
      faults.push(
        `${name} gives ${type} as "${port}"; a stage of kind ${stage.kind} may give ${contract.outputs.join(', ')}.`,
      );
    }
  }
  if (contract.inputCount !== undefined && inputs.length !== contract.inputCount) {
    faults.push(
      `${name} has ${inputs.length} inputs; a stage of kind ${stage.kind} has exactly ${contract.inputCount}.`,
    );
  }
  for (const member of ['check', 'needs', 'resources'] as const) {
    if (stage[member] !== undefined && typeof stage[member] !== 'function') {
      faults.push(`${name} has a "${member}" that is no function.`);
    }
  }
  if (stage.kind === 'attacker' && stage.readsAncestors) {
    faults.push(`${name} reads ancestors; an attacker is told nothing of how its victim was made.`);
  }
  const { gives } = contract;
  if (gives && !outputs.some(([, { type }]) => gives.includes(type))) {
    faults.push(
      `${name} gives no ${gives.join(' or ')}, as every stage of kind ${stage.kind} must.`,
    );
  }
  return faults;
}

/** Ports of a form that cannot be read on: `types` of an input, `type` of an output. */
function portFaults(ports: object, member: 'types' | 'type'): string[] {
  return Object.entries(ports).flatMap(([port, declared]: [string, unknown]) => {
    if (!portForm.test(port)) return [`a port with the bad name "${port}".`];
    const value = isObject(declared) ? declared[member] : undefined;
    const types: readonly unknown[] =
      member === 'type' ? [value] : Array.isArray(value) ? value : [];
    const known =
      types.length > 0 && types.every((type) => artefactTypes.some((one) => one === type));
    if (known) return [];
    return [`a port "${port}" whose "${member}" is none; types are ${artefactTypes.join(', ')}.`];
  });
}

function dependencyFaults(dependencies: object): string[] {
  return Object.entries(dependencies).flatMap(([key, token]: [string, unknown]) =>
    isToken(token) ? [] : [`a dependency "${key}" that is no token made by token().`],
  );
}

function serviceFaults(service: unknown): Fault[] {
  if (!isObject(service) || !isToken(service['token'])) {
    return [{ what: 'a service has no token made by token().' }];
  }
  const name = `service "${service['token'].name}"`;
  const missing = ['identity', 'create'].filter((key) => typeof service[key] !== 'function');
  const wrong = ['check', 'close'].filter(
    (key) => service[key] !== undefined && typeof service[key] !== 'function',
  );
  return [...missing, ...wrong].map((key) => ({
    what: `${name} needs "${key}" to be a function.`,
  }));
}

function isToken(value: unknown): value is Token<unknown> {
  return isObject(value) && typeof value['name'] === 'string' && value['name'] !== '';
}

function reporterFaults(reporter: AnyReporter): string[] {
  if (!isObject(reporter)) return ['a reporter is no object made by defineReporter.'];
  const name = `reporter "${String(reporter.id)}"`;
  const kind: unknown = reporter.kind;
  const faults = commonFaults(reporter, name);
  return kind === 'reporter' ? faults : [...faults, `${name} has the kind "${String(kind)}".`];
}

function launcherFaults(launcher: AnyLauncher): string[] {
  if (!isObject(launcher)) return ['a launcher is no object made by defineLauncher.'];
  const name = `launcher "${String(launcher.id)}"`;
  const kind: unknown = launcher.kind;
  const faults = headFaults(launcher, name);
  if (typeof launcher.open !== 'function') faults.push(`${name} needs a function "open".`);
  const worker: unknown = launcher.worker;
  if (
    worker !== undefined &&
    !(isObject(worker) && ['accepts', 'serve'].every((key) => typeof worker[key] === 'function'))
  ) {
    faults.push(`${name} needs "worker" to have the functions "accepts" and "serve".`);
  }
  return kind === 'launcher' ? faults : [...faults, `${name} has the kind "${String(kind)}".`];
}

/** Faults of what every definition has. */
function headFaults(declared: AnyStage | AnyReporter | AnyLauncher, name: string): string[] {
  const faults: string[] = [];
  if (typeof declared.id !== 'string' || !idForm.test(declared.id)) {
    faults.push(`${name} needs an id of small letters, digits and "-".`);
  }
  if (!Number.isInteger(declared.version) || declared.version < 1) {
    faults.push(`${name} needs a version: a whole number from 1.`);
  }
  if (typeof (declared.options as { safeParse?: unknown } | undefined)?.safeParse !== 'function') {
    faults.push(`${name} needs a zod schema for its options.`);
  }
  return faults;
}

function commonFaults(declared: AnyStage | AnyReporter, name: string): string[] {
  const faults = headFaults(declared, name);
  if (typeof declared.create !== 'function') faults.push(`${name} needs a function "create".`);
  const presets: unknown = 'presets' in declared ? (declared.presets ?? {}) : {};
  if (!isObject(presets) || !Object.values(presets).every(isObject)) {
    faults.push(`${name} needs "presets" of the form { name: { option: value } }.`);
  }
  return faults;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
