import { resolve } from 'node:path';

import { UserError } from '../contracts/error.js';
import type { Need } from '../contracts/stage.js';
import { ownOr } from '../errors/own.js';
import { stageFailed, stageName } from '../errors/templates/run.js';
import type { Plan, PlanNode } from '../plan/plan.js';
import { fingerprint } from './fingerprint.js';

/** What a stage of a plan reads from outside; its path is absolute. */
export interface NodeNeed extends Need {
  readonly node: PlanNode;
}

/**
 * What a plan reads from outside: datasets, files of networks.
 *
 * @throws UserError naming the stage whose `needs` fails
 */
export function planNeeds({ nodes, experiment }: Plan): NodeNeed[] {
  return nodes.flatMap((node) => {
    const { definition, plugin } = node.declared;
    try {
      const needs: readonly Need[] = definition.needs?.(node.options) ?? [];
      return needs.map((need) => {
        const { path } = need;
        return {
          ...need,
          node,
          ...(path === undefined ? {} : { path: resolve(experiment.loaded.folder, path) }),
        };
      });
    } catch (error) {
      const where = stageName(node.stage, definition.id, plugin.name, []);
      throw stageFailed(where, node.place, node.optionPlaces, error);
    }
  });
}

/** A stage that cannot read what it reads besides its inputs, and why. */
export interface MissingNeed {
  readonly node: PlanNode;
  readonly error: UserError;
}

/**
 * What a plan reads from outside and cannot. All of it, before anything runs; a defect of a stage is left to the run.
 */
export async function missingNeeds({ nodes, experiment }: Plan): Promise<MissingNeed[]> {
  const missing: MissingNeed[] = [];
  for (const node of nodes) {
    try {
      await fingerprint(node, experiment.loaded.folder);
    } catch (error) {
      if (error instanceof UserError) missing.push({ node, error: placed(node, error) });
    }
  }
  return missing;
}

/** The error at the option that it is about, else at its stage, where it has no line of its own. */
function placed({ place, optionPlaces }: PlanNode, error: UserError): UserError {
  const { errorClass, code, message, hint, option } = error;
  return new UserError(errorClass, code, message, {
    ...(hint === undefined ? {} : { hint }),
    place: error.place?.line === undefined ? ownOr(optionPlaces, option, place) : error.place,
    cause: error,
  });
}
