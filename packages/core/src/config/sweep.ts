import { child, fromPlain, withValue, type ConfigMap, type ConfigNode } from './node.js';

/** A list of seeds becomes an axis: every job runs with each of them. */
export function sweepSeeds(root: ConfigMap): ConfigMap {
  const seeds = child(root, 'seed');
  return seeds?.kind === 'list' ? withSweep(root, ['seed'], seeds) : root;
}

/**
 * The experiment with one value for each item of a list: the list becomes an axis of `matrix.sweep`, named after the
 * path of keys, and its value is filled in at that path. Where the jobs' names have a template, they tell the value.
 *
 * @param axis the axis's name, and what stands before `=` in the jobs' names
 */
export function withSweep(
  root: ConfigMap,
  path: readonly string[],
  values: ConfigNode,
  axis = path.join('.'),
): ConfigMap {
  const { place } = values;
  const reference = `\${${axis}}`;
  const filled = withValue(root, path, fromPlain(reference, place), place);
  const swept = withValue(filled, ['matrix', 'sweep', axis], values, place);
  const name = nameWith(root, axis, reference);
  return name === undefined
    ? swept
    : withValue(swept, ['matrix', 'name'], fromPlain(name, place), place);
}

/** The template of the jobs' names; undefined where they are made of all values anyway. */
function nameWith(root: ConfigMap, axis: string, reference: string): string | undefined {
  const matrix = child(root, 'matrix');
  const template = child(matrix, 'name');
  if (template?.kind === 'scalar') {
    const text = String(template.value);
    return text.includes(reference) ? undefined : `${text} ${axis}=${reference}`;
  }
  return matrix === undefined ? `${axis}=${reference}` : undefined;
}
