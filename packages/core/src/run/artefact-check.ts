import type { z } from 'zod';

import { artefactSchemas, type Artefact, type ArtefactType } from '../contracts/artefacts.js';
import { plainFault } from '../contracts/artefacts/plain.js';
import { kindContracts } from '../contracts/kinds.js';
import type { AnyStage } from '../contracts/plugin.js';
import type { OutputPorts } from '../contracts/stage.js';
import { badArtefact, noOutputs } from '../errors/templates/run.js';
import { cutMiddle, kindOf } from '../errors/thrown.js';
import { assertFinite } from './finite-check.js';

/** More complaints about one output are not shown. */
const mostShown = 4;

/**
 * Checks a stage's outputs against its ports and the contract of their types: nothing may travel along that the
 * contract does not have, as it would reach whoever gets the output next.
 *
 * @returns copies of the outputs, which share their typed arrays; whatever the stage does to its own from now on
 *   does not reach them
 * @throws UserError NO_OUTPUTS, BAD_ARTEFACT, NOT_FINITE
 */
export function checkOutputs(
  stage: Pick<AnyStage, 'kind' | 'outputs'>,
  outputs: unknown,
): Readonly<Record<string, Artefact>> {
  const ports = stage.outputs as OutputPorts;
  const { origin } = kindContracts[stage.kind];
  if (typeof outputs !== 'object' || outputs === null || Array.isArray(outputs)) {
    throw noOutputs(kindOf(outputs), Object.keys(ports));
  }
  const given = new Map<string, unknown>(Object.entries(outputs));
  for (const name of given.keys()) {
    if (!Object.hasOwn(ports, name)) throw badArtefact(name, 'is not declared by the stage.');
  }
  return Object.fromEntries(
    Object.entries(ports).map(([name, { type }]) => {
      const artefact = checked(name, type, given.get(name));
      if (artefact.type === 'images' && origin !== undefined && artefact.origin !== origin) {
        throw badArtefact(
          name,
          `says "${artefact.origin}"; what a ${stage.kind} makes is ${origin}.`,
        );
      }
      return [name, artefact];
    }),
  );
}

function checked(output: string, type: ArtefactType, value: unknown): Artefact {
  if (typeof value !== 'object' || value === null) {
    throw badArtefact(output, `should be of type ${type}, but is ${kindOf(value)}.`);
  }
  const fault = plainFault(value);
  if (fault)
    throw badArtefact(output, `(${type}) is no plain data: ${at(fault.path)} ${fault.what}.`);
  const actual = (value as { type?: unknown }).type;
  if (actual !== type) {
    const received = typeof actual === 'string' ? shorten(actual) : kindOf(actual);
    throw badArtefact(output, `should be of type ${type}, but is ${received}.`);
  }
  // Before the schema, which would not say how many of a tensor's numbers they are.
  assertFinite(output, value as Artefact);
  const parsed = artefactSchemas[type].safeParse(value);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const shown = issues.slice(0, mostShown).map((issue) => complaint(type, issue));
  if (issues.length > mostShown) shown.push(`and ${issues.length - mostShown} more faults.`);
  throw badArtefact(output, `(${type}) breaks the contract: ${shown.join(' ')}`);
}

function complaint(type: ArtefactType, issue: z.core.$ZodIssue): string {
  const path = issue.path.map(String);
  if (issue.code !== 'unrecognized_keys')
    return `${at(path)}: ${issue.message.replace(/\.$/, '')}.`;
  const fields = issue.keys.slice(0, mostShown).map((key) => `"${shorten(key)}"`);
  return `${at(path)} has the field ${fields.join(', ')}, which the type ${type} does not have.`;
}

function at(path: readonly string[]): string {
  return path.length === 0 ? 'it' : shorten(path.join('.'));
}

function shorten(text: string): string {
  return cutMiddle(text, 80);
}
