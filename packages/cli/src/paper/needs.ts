import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

import { describeOptions, sourceErrors, UserError, UserErrorList } from '@privatesnn/core';
import type { Plan, PlanNode } from '@privatesnn/core';

import { shorten } from '../command-line.js';

/** Where the experiments lie that train the networks: beside those of the tables and figures. */
export function modelsFolder(experiments: string): string {
  return join(experiments, '..', 'models');
}

/**
 * What a plan reads, each in a few words: "cifar10 (PRIVATESNN_CIFAR10)",
 * "runs/models/cifar10-vgg16/model.safetensors (trained by experiments/models/cifar10-vgg16.yaml)".
 */
export function needsOf({ nodes, experiment }: Plan, models: string): string[] {
  const needs = nodes.flatMap((node) => {
    const { kind, id, options } = node.declared.definition;
    if (kind === 'dataset') {
      const texts = describeOptions(options).map(({ description }) => description);
      return [withSource(id, /PRIVATESNN_\w+/.exec(texts.join(' '))?.[0])];
    }
    const file = networkFile(node, experiment.loaded.folder);
    if (file === undefined) return [];
    const training = trainingOf(file, models);
    return [withSource(shorten(file), training && `trained by ${training}`)];
  });
  return [...new Set(needs)];
}

/**
 * Checks that everything that a plan reads is there, so that it does not fail after hours.
 *
 * @param models the folder of the experiments that train the networks
 * @throws UserError, or a UserErrorList of all that is missing
 */
export async function assertNeeds(plan: Plan, models: string): Promise<void> {
  const missing = await sourceErrors(plan);
  const errors = missing.map(({ node, error }) => {
    const file = networkFile(node, plan.experiment.loaded.folder);
    const training = file && trainingOf(file, models);
    const hint =
      training === undefined
        ? error.hint
        : `Train it by "privatesnn run ${training}", or give a network of your own: docs/paper.md.`;
    return new UserError(error.errorClass, error.code, error.message, {
      ...(hint === undefined ? {} : { hint }),
      place: node.place,
      cause: error,
    });
  });
  const unique = [...new Map(errors.map((error) => [error.message, error])).values()];
  if (unique.length === 1) throw unique[0]!;
  if (unique.length > 1) throw new UserErrorList(unique);
}

function withSource(what: string, source: string | undefined): string {
  return source === undefined ? what : `${what} (${source})`;
}

/** The file or folder that a model stage loads. */
function networkFile({ declared, options }: PlanNode, folder: string): string | undefined {
  const { path } = options as { path?: unknown };
  const loads = declared.definition.kind === 'model' && typeof path === 'string';
  return loads ? resolve(folder, path) : undefined;
}

/** The experiment that trains a network: NAME.yaml for .../NAME/model.safetensors. */
function trainingOf(file: string, models: string): string | undefined {
  const path = join(models, `${basename(dirname(file))}.yaml`);
  return existsSync(path) ? shorten(resolve(path)) : undefined;
}
