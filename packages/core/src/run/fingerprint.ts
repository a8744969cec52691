import { resolve } from 'node:path';

import type { InputPorts, OutputPorts, StageInstance } from '../contracts/stage.js';
import type { Token } from '../contracts/token.js';
import { usesServiceTooEarly } from '../errors/templates/run.js';
import { UserError } from '../contracts/error.js';
import type { Plan, PlanNode } from '../plan/plan.js';

/** Asks a stage for its fingerprint; services are not created for that, so it gets stand-ins. */
export async function fingerprint(node: PlanNode, folder: string): Promise<string> {
  const { definition } = node.declared;
  const standIns = Object.fromEntries(
    Object.entries(definition.dependencies).map(([name, token]) => [
      name,
      standIn((token as Token<unknown>).name),
    ]),
  );
  const instance = definition.create(standIns, node.options) as StageInstance<
    InputPorts,
    OutputPorts
  >;
  return (await instance.fingerprint?.({ resolvePath: (path) => resolve(folder, path) })) ?? '';
}

function standIn(service: string): object {
  return new Proxy(
    {},
    {
      get() {
        throw usesServiceTooEarly(service);
      },
    },
  );
}

/** A stage that cannot read what it reads besides its inputs, and why. */
export interface SourceError {
  readonly node: PlanNode;
  readonly error: UserError;
}

/**
 * What a plan reads from outside and cannot: datasets, files of networks. All of them, before anything runs; a defect
 * of a stage is left to the run.
 */
export async function sourceErrors({ nodes, experiment }: Plan): Promise<SourceError[]> {
  const errors: SourceError[] = [];
  for (const node of nodes) {
    try {
      await fingerprint(node, experiment.loaded.folder);
    } catch (error) {
      if (error instanceof UserError) errors.push({ node, error });
    }
  }
  return errors;
}
