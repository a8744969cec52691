import { UserError } from '@privatesnn/core';

import type { Safetensors } from './safetensors/read.js';

/** What batch normalisations are called, in a word. */
const words = ['bn', 'norm', 'batchnorm', 'batch_norm'] as const;

/**
 * The modules of batch normalisation of a PyTorch network, by the weight that they follow directly.
 *
 * Without `given` a module is found where its name is clear: `features.1` after `features.0`, `bn1`, `conv1_bn` or
 * `bn_conv1` after `conv1`, `block.bn` after `block.conv`. It must have the weight's number of channels, and no other
 * weight may fit as well.
 *
 * @param weights names of the weight tensors, in the order of the layers
 * @param given the module of each weight, null for none
 * @throws UserError where `given` has another length, or normalisations are left that belong to no weight
 */
export function batchNormModules(
  { file, shapes }: Pick<Safetensors, 'file' | 'shapes'>,
  weights: readonly string[],
  given?: readonly (string | null)[],
): ReadonlyMap<string, string> {
  if (given && given.length !== weights.length) {
    throw new UserError(
      'configuration',
      'BATCH_NORM_COUNT',
      `"batchNorms" names ${given.length} modules for ${weights.length} weight tensors: ${weights.join(', ')}.`,
      { hint: 'Give one name for each layer, in their order; null where a layer has none.' },
    );
  }
  const modules = given
    ? new Map(weights.flatMap((weight, i) => (given[i] ? [[weight, given[i]] as const] : [])))
    : found(shapes, weights);
  const taken = new Set(modules.values());
  const left = [...shapes.keys()].filter((name) => {
    const module = /^(.*)\.running_(?:mean|var)$/.exec(name)?.[1];
    return module !== undefined && !taken.has(module);
  });
  if (left.length === 0) return modules;
  throw new UserError(
    'data',
    'BATCH_NORM_UNUSED',
    `${file} holds batch normalisations that no layer takes, so that the network would compute something else: ` +
      `${left.join(', ')}.`,
    {
      hint:
        'Name the module that directly follows each layer in "batchNorms", in the order of the layers (null where a ' +
        'layer has none): batchNorms: [bn1, bn2, null]. One that follows a ReLU or a pooling cannot be folded.',
      place: { file },
    },
  );
}

function found(
  shapes: Safetensors['shapes'],
  weights: readonly string[],
): ReadonlyMap<string, string> {
  const fits = weights.flatMap((weight) =>
    candidates(weight)
      .filter((module) => shapes.get(`${module}.running_mean`)?.[0] === shapes.get(weight)?.[0])
      .map((module) => ({ weight, module })),
  );
  const alone = (key: 'weight' | 'module', value: string) =>
    fits.filter((fit) => fit[key] === value).length === 1;
  return new Map(
    fits
      .filter((fit) => alone('weight', fit.weight) && alone('module', fit.module))
      .map(({ weight, module }) => [weight, module]),
  );
}

/** Names that the batch normalisation after a weight may have. */
function candidates(weight: string): string[] {
  const match = /^(.*\.)?([^.]+)\.weight$/.exec(weight);
  if (!match) return [];
  const [, path = '', module = ''] = match;
  if (/^\d+$/.test(module)) return [`${path}${Number(module) + 1}`];
  const kind = /^(?:conv2d|conv|fc|linear|dense)/;
  return words.flatMap((word) => [
    ...(kind.test(module) ? [path + module.replace(kind, word)] : []),
    `${path}${module}_${word}`,
    `${path}${word}_${module}`,
  ]);
}
