import type { Place } from '../contracts/error.js';
import type { InputPort, OutputPort } from '../contracts/stage.js';
import { child, entriesOf } from '../config/node.js';
import type { MistakeList } from '../errors/error-list.js';
import {
  ambiguousOutput,
  missingInput,
  typeMismatch,
  unknownOutput,
  unknownStageName,
} from '../errors/templates/configuration.js';
import type { ConfiguredStage } from './stage-config.js';

/** Where an input comes from. */
export interface Connection {
  readonly stage: string;
  readonly output: string;
}

/**
 * A function that connects the inputs of one stage after the other. A stage that several jobs share is connected once
 * for all jobs in which its sources are of the same kind.
 */
export function connector(errors: MistakeList) {
  const known = new WeakMap<ConfiguredStage, ReadonlyMap<string, Sourced>>();
  return (
    stage: ConfiguredStage,
    stages: ReadonlyMap<string, ConfiguredStage | undefined>,
  ): ReadonlyMap<string, Connection> => {
    const before = known.get(stage);
    const still = ({ stage: name, declared }: Sourced) => stages.get(name)?.declared === declared;
    if (before && [...before.values()].every(still)) return before;
    const mistakes = errors.length;
    const found = connectInputs(stage, stages, errors);
    if (errors.length > mistakes) return found;
    const sourced = [...found].map(
      ([port, connection]) =>
        [port, { ...connection, declared: stages.get(connection.stage)!.declared }] as const,
    );
    known.set(stage, new Map(sourced));
    return found;
  };
}

interface Sourced extends Connection {
  readonly declared: ConfiguredStage['declared'];
}

/**
 * Resolves a stage's inputs against the job's stages and checks their types.
 *
 * @param stages all stages of the job by name; undefined for those whose configuration is wrong
 */
function connectInputs(
  stage: ConfiguredStage,
  stages: ReadonlyMap<string, ConfiguredStage | undefined>,
  errors: MistakeList,
): Map<string, Connection> {
  const connections = new Map<string, Connection>();
  const ports = portsOf(stage);
  const use = stage.declared.definition.id;
  const given = child(stage.node, 'inputs');
  for (const [port, { value }] of entriesOf(given)) {
    // A port that does not exist, or is connected to what is no text, has been told already.
    if (!Object.hasOwn(ports, port) || value.kind !== 'scalar') continue;
    if (typeof value.value !== 'string' || value.value === '') continue;
    const { place, value: reference } = value;
    const connection = resolve(stage.name, port, ports[port]!, reference, place, stages, errors);
    if (connection) connections.set(port, connection);
  }
  for (const [port, { optional, types }] of Object.entries(ports)) {
    if (optional || child(given, port)) continue;
    const makers = [...stages.values()].flatMap((other) =>
      other && other !== stage
        ? fitting(other, types).map((output) => `${other.name}.${output}`)
        : [],
    );
    errors.push(missingInput(stage.name, use, port, types, makers, stage.place));
  }
  return connections;
}

function resolve(
  stage: string,
  port: string,
  { types }: InputPort,
  reference: string,
  place: Place,
  stages: ReadonlyMap<string, ConfiguredStage | undefined>,
  errors: MistakeList,
): Connection | undefined {
  const [name = '', output, ...more] = reference.split('.');
  if (!stages.has(name)) {
    errors.push(
      unknownStageName(name, [...stages.keys()], place, `Input "${port}" of stage "${stage}"`),
    );
    return undefined;
  }
  const source = stages.get(name);
  if (!source) return undefined;
  const outputs = outputsOf(source);
  if (output === undefined) {
    const fits = fitting(source, types);
    if (fits.length === 1) return { stage: name, output: fits[0]! };
    errors.push(
      fits.length > 1
        ? ambiguousOutput(name, fits, place)
        : typeMismatch(
            stage,
            port,
            types,
            reference,
            Object.values(outputs).map(({ type }) => type),
            place,
          ),
    );
    return undefined;
  }
  const found = more.length === 0 && Object.hasOwn(outputs, output) ? outputs[output] : undefined;
  if (!found) {
    const wanted = [output, ...more].join('.');
    errors.push(unknownOutput(name, wanted, Object.keys(outputs), place));
    return undefined;
  }
  if (!types.includes(found.type)) {
    errors.push(typeMismatch(stage, port, types, reference, [found.type], place));
    return undefined;
  }
  return { stage: name, output };
}

function fitting(stage: ConfiguredStage, types: InputPort['types']): string[] {
  return Object.entries(outputsOf(stage))
    .filter(([, { type }]) => types.includes(type))
    .map(([name]) => name);
}

function portsOf(stage: ConfiguredStage): Readonly<Record<string, InputPort>> {
  return stage.declared.definition.inputs as Readonly<Record<string, InputPort>>;
}

function outputsOf(stage: ConfiguredStage): Readonly<Record<string, OutputPort>> {
  return stage.declared.definition.outputs as Readonly<Record<string, OutputPort>>;
}
