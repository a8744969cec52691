import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

import { missingNeeds, planNeeds, UserError, UserErrorList } from '@privatesnn/core';
import type { NodeNeed, Plan, PlanNode } from '@privatesnn/core';

import { shorten } from './command-line.js';

/**
 * What a plan reads, each in a few words: "cifar10 (PRIVATESNN_CIFAR10)",
 * "network runs/models/cifar10-vgg16/model.safetensors (put there by experiments/models/cifar10-vgg16.yaml)".
 */
export function needsOf(plan: Plan): string[] {
  const texts = planNeeds(plan).map((need) => {
    const { what, path, variable } = need;
    if (path === undefined) return withSource(what, variable);
    const training = trainingOf(need, plan);
    return withSource(`${what} ${shorten(path)}`, training && `put there by ${training}`);
  });
  return [...new Set(texts)];
}

/**
 * Checks that everything that a plan reads is there, so that it does not fail after hours.
 *
 * @throws UserError, or a UserErrorList of all that is missing
 */
export async function assertNeeds(plan: Plan): Promise<void> {
  const missing = await missingNeeds(plan);
  if (missing.length === 0) return;
  const needs = new Map<PlanNode, NodeNeed>(planNeeds(plan).map((need) => [need.node, need]));
  const errors = missing.map(({ node, error }) => {
    const need = needs.get(node);
    const training = need && trainingOf(need, plan);
    if (training === undefined) return error;
    const { errorClass, code, message, place } = error;
    return new UserError(errorClass, code, message, {
      hint: `Train it by "privatesnn run ${training}", or give a network of your own: docs/paper.md.`,
      ...(place === undefined ? {} : { place }),
      cause: error,
    });
  });
  const unique = [...new Map(errors.map((error) => [error.message, error])).values()];
  if (unique.length === 1) throw unique[0]!;
  throw new UserErrorList(unique);
}

function withSource(what: string, source: string | undefined): string {
  return source === undefined ? what : `${what} (${source})`;
}

/**
 * The experiment that trains a network: NAME.yaml for .../NAME/model.safetensors, in the folder `models` beside that
 * of the experiment.
 */
function trainingOf({ path, node }: NodeNeed, { experiment }: Plan): string | undefined {
  if (path === undefined || node.declared.definition.kind !== 'model') return undefined;
  const models = join(experiment.loaded.folder, '..', 'models');
  const training = join(models, `${basename(dirname(path))}.yaml`);
  return existsSync(training) ? shorten(resolve(training)) : undefined;
}
