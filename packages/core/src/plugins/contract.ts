import { artefactTypes, type ArtefactType } from '../contracts/artefacts.js';
import type { AnyReporter, AnyStage, Plugin } from '../contracts/plugin.js';
import { stageKinds, type StageKind } from '../contracts/stage.js';

interface KindContract {
  readonly inputs: readonly ArtefactType[];
  readonly outputs: readonly ArtefactType[];
  /** One of the outputs must have this type. */
  readonly gives?: ArtefactType;
  /** The stage must have exactly this many inputs. */
  readonly inputCount?: number;
}

const reports: readonly ArtefactType[] = ['scalars', 'series', 'pictures'];

/** Which artefacts a stage of each kind may take and give. */
export const kindContracts: Readonly<Record<StageKind, KindContract>> = {
  // From files, or a part of another dataset; what it gives counts as real.
  dataset: { inputs: ['images'], outputs: ['images'], gives: 'images' },
  model: { inputs: ['images', 'ann'], outputs: ['ann', ...reports], gives: 'ann' },
  // Never an image: what a generator makes must not contain a real one.
  generator: { inputs: ['ann', 'snn'], outputs: ['images', ...reports], gives: 'images' },
  converter: { inputs: ['ann', 'images'], outputs: ['snn', ...reports], gives: 'snn' },
  trainer: { inputs: ['snn', 'images', 'ann'], outputs: ['snn', ...reports], gives: 'snn' },
  // One network and nothing else: an attacker reaches neither the training data nor the teacher.
  attacker: {
    inputs: ['snn', 'ann'],
    outputs: ['images', ...reports],
    gives: 'images',
    inputCount: 1,
  },
  metric: { inputs: artefactTypes, outputs: reports },
  exporter: { inputs: artefactTypes, outputs: reports },
};

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
  const { stages = [], reporters = [] } = plugin;
  if (!Array.isArray(stages) || !Array.isArray(reporters)) {
    return [{ what: 'its "stages" and "reporters" are not lists.', hint }];
  }
  return [
    ...stages.flatMap((stage) => misplaced(stage, 'stages') ?? faults(stageFaults(stage))),
    ...reporters.flatMap(
      (reporter) => misplaced(reporter, 'reporters') ?? faults(reporterFaults(reporter)),
    ),
  ];
}

const faults = (texts: readonly string[]): Fault[] => texts.map((what) => ({ what }));

/** A reporter among the stages, or a stage among the reporters. */
function misplaced(declared: unknown, list: 'stages' | 'reporters'): Fault[] | undefined {
  if (!isObject(declared)) return undefined;
  const { kind, id } = declared;
  const home = kind === 'reporter' ? 'reporters' : 'stages';
  const known = kind === 'reporter' || stageKinds.some((one) => one === kind);
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
  const inputs = Object.entries(stage.inputs) as [string, AnyStage['inputs'][string]][];
  const outputs = Object.entries(stage.outputs) as [string, AnyStage['outputs'][string]][];
  for (const [port] of [...inputs, ...outputs]) {
    if (!portForm.test(port)) faults.push(`${name} has a port with the bad name "${port}".`);
  }
  for (const [port, { types }] of inputs) {
    const wrong = types.filter((type: ArtefactType) => !contract.inputs.includes(type));
    if (wrong.length > 0) {
      faults.push(
        `${name} takes ${wrong.join(', ')} as "${port}"; a stage of kind ${stage.kind} may take ` +
          `${contract.inputs.join(', ') || 'nothing'}.`,
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
  if (stage.check !== undefined && typeof stage.check !== 'function') {
    faults.push(`${name} has a "check" that is no function.`);
  }
  if (stage.kind === 'attacker' && stage.readsAncestors) {
    faults.push(`${name} reads ancestors; an attacker learns nothing of how its victim was made.`);
  }
  if (contract.gives && !outputs.some(([, { type }]) => type === contract.gives)) {
    faults.push(`${name} gives no ${contract.gives}, as every stage of kind ${stage.kind} must.`);
  }
  return faults;
}

function reporterFaults(reporter: AnyReporter): string[] {
  if (!isObject(reporter)) return ['a reporter is no object made by defineReporter.'];
  const name = `reporter "${String(reporter.id)}"`;
  const kind: unknown = reporter.kind;
  const faults = commonFaults(reporter, name);
  return kind === 'reporter' ? faults : [...faults, `${name} has the kind "${String(kind)}".`];
}

function commonFaults(declared: AnyStage | AnyReporter, name: string): string[] {
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
  if (typeof declared.create !== 'function') faults.push(`${name} needs a function "create".`);
  return faults;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
