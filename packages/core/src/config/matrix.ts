import type { MistakeList } from '../errors/error-list.js';
import {
  doubleAxis,
  incompleteCell,
  longJobName,
  noJobs,
  sameJobName,
  tooManyCellValues,
  tooManyJobs,
  unknownAxis,
  unknownKey,
  zipLengths,
} from '../errors/templates/configuration.js';
import { combination, combinations, dimensionsOf, excludedBy } from './dimensions.js';
import { fillTemplate, writeOut, type Axes } from './interpolate.js';
import { child, entriesOf, sizeOf, toPlain, type ConfigNode } from './node.js';

/** One cell of the matrix. */
export interface Cell {
  readonly name: string;
  readonly axes: Axes;
}

/** What a matrix may come to. */
export const matrixLimits = {
  cells: 10_000,
  /** Of all axes of all cells together; what a list or map holds counts. */
  values: 1_000_000,
  /** Characters of a job's name. */
  name: 1000,
} as const;

/**
 * The cells of a matrix: every row of `zip` with every combination of `product`, without those that match an
 * entry of `exclude`, and then those of `include`; each of these with every combination of `sweep`. Without a matrix
 * there is one cell, named `name`.
 */
export function matrixCells(
  matrix: ConfigNode | undefined,
  name: string,
  errors: MistakeList,
): Cell[] {
  if (matrix === undefined) return [{ name, axes: {} }];
  const before = errors.length;
  const [zip, product, sweep] = ['zip', 'product', 'sweep'].map((part) => child(matrix, part));
  checkAxes([zip, product, sweep], errors);
  checkLengths(zip, errors);

  const include = itemsOf(child(matrix, 'include'));
  const exclude = itemsOf(child(matrix, 'exclude'));
  const declared = [zip, product].flatMap((part) => entriesOf(part).map(([axis]) => axis));
  const known = declared.length > 0 || !include[0] ? declared : keysOf(include[0]);

  const dimensions = dimensionsOf(zip, product);
  const swept = dimensionsOf(undefined, sweep);
  // With nothing but a sweep, there is one cell to repeat.
  const alone = dimensions.length > 0 || (include.length === 0 && swept.length > 0);
  const plain = alone ? combinations(dimensions) : 0;
  const count = (plain + include.length) * combinations(swept);
  if (count > matrixLimits.cells) {
    errors.push(tooManyJobs(count, matrixLimits.cells, matrix.place));
    return [];
  }
  checkCells(include, exclude, known, errors);
  if (errors.length > before) return [];

  const out = excludedBy(exclude.map(axesOf), dimensions);
  const numbers = Array.from({ length: plain }, (_, number) => number);
  const cells = numbers
    .filter((number) => !out[number])
    .map((number) => combination(dimensions, number));
  const repeated = [...cells, ...include.map(axesOf)].flatMap((axes) =>
    Array.from({ length: combinations(swept) }, (_, number) => ({
      ...axes,
      ...combination(swept, number),
    })),
  );
  if (repeated.length === 0) errors.push(noJobs(matrix.place));
  if (!withinValues(repeated)) {
    errors.push(tooManyCellValues(matrixLimits.values, matrix.place));
    return [];
  }
  return named(repeated, matrix, [...known, ...keysOf(sweep)], errors);
}

/** No axis may stand in two parts. */
function checkAxes(parts: readonly (ConfigNode | undefined)[], errors: MistakeList): void {
  const seen = new Set<string>();
  for (const part of parts) {
    for (const [axis, { key }] of entriesOf(part)) {
      if (seen.has(axis)) errors.push(doubleAxis(axis, key));
      seen.add(axis);
    }
  }
}

function checkLengths(zip: ConfigNode | undefined, errors: MistakeList): void {
  const lengths = entriesOf(zip).map(([axis, { value }]) => [axis, itemsOf(value).length] as const);
  if (new Set(lengths.map(([, length]) => length)).size > 1) {
    errors.push(zipLengths(lengths, zip!.place));
  }
}

function checkCells(
  include: readonly ConfigNode[],
  exclude: readonly ConfigNode[],
  known: readonly string[],
  errors: MistakeList,
): void {
  const axes = new Set(known);
  for (const item of [...exclude, ...include]) {
    for (const [axis, { key }] of entriesOf(item)) {
      if (!axes.has(axis)) errors.push(unknownKey(axis, 'a cell of the matrix', known, key));
    }
  }
  for (const item of include) {
    // A cell has the known axes and no others, so that most need no look at each.
    if (entriesOf(item).length === axes.size) continue;
    const missing = known.filter((axis) => child(item, axis) === undefined);
    if (missing.length > 0) errors.push(incompleteCell(missing, item.place));
  }
}

function withinValues(cells: readonly Axes[]): boolean {
  let values = 0;
  for (const axes of cells) {
    for (const value of Object.values(axes)) values += sizeOf(value);
    if (values > matrixLimits.values) return false;
  }
  return true;
}

function named(
  cells: readonly Axes[],
  matrix: ConfigNode,
  known: readonly string[],
  errors: MistakeList,
): Cell[] {
  const template = child(matrix, 'name');
  const place = (template ?? matrix).place;
  const seen = new Set<string>();
  const found: Cell[] = [];
  for (const axes of cells) {
    const name =
      template?.kind === 'scalar'
        ? fillTemplate(String(template.value), axes, place, (axis) =>
            errors.push(unknownAxis(axis, known, place)),
          )
        : Object.values(axes).map(writeOut).join(', ');
    if (name.length > matrixLimits.name) {
      errors.push(longJobName(name.length, matrixLimits.name, place));
      return [];
    }
    if (seen.has(name)) errors.push(sameJobName(name, place));
    seen.add(name);
    found.push({ name, axes });
  }
  return found;
}

function axesOf(item: ConfigNode): Axes {
  return toPlain(item) as Axes;
}

function itemsOf(node: ConfigNode | undefined): readonly ConfigNode[] {
  return node?.kind === 'list' ? node.items : [];
}

function keysOf(node: ConfigNode | undefined): string[] {
  return entriesOf(node).map(([key]) => key);
}
