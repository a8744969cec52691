import { isDeepStrictEqual } from 'node:util';

import type { UserError } from '../contracts/error.js';
import {
  doubleAxis,
  incompleteCell,
  noJobs,
  sameJobName,
  tooManyJobs,
  unknownAxis,
  unknownKey,
  zipLengths,
} from '../errors/templates/configuration.js';
import { child, entriesOf, toPlain, type ConfigNode } from './node.js';
import { fillTemplate, writeOut, type Axes } from './interpolate.js';

/** One cell of the matrix. */
export interface Cell {
  readonly name: string;
  readonly axes: Axes;
}

const maxCells = 10_000;

/**
 * The cells of a matrix: every row of `zip` with every combination of `product`, without those that match an
 * entry of `exclude`, and then those of `include`. Without a matrix there is one cell, named `name`.
 */
export function matrixCells(
  matrix: ConfigNode | undefined,
  name: string,
  errors: UserError[],
): Cell[] {
  if (matrix === undefined) return [{ name, axes: {} }];
  const zip = child(matrix, 'zip');
  const product = child(matrix, 'product');
  const zipAxes = lists(zip);
  const productAxes = lists(product);
  for (const [axis, { key }] of entriesOf(product)) {
    if (Object.hasOwn(zipAxes, axis)) errors.push(doubleAxis(axis, key));
  }
  const lengths = Object.fromEntries(
    Object.entries(zipAxes).map(([axis, list]) => [axis, list.length]),
  );
  if (new Set(Object.values(lengths)).size > 1) errors.push(zipLengths(lengths, zip!.place));

  const include = itemsOf(child(matrix, 'include'));
  const declared = [...Object.keys(zipAxes), ...Object.keys(productAxes)];
  const known = declared.length > 0 ? declared : include[0] ? keysOf(include[0]) : [];
  const count = Object.values(productAxes).reduce(
    (cells, list) => cells * list.length,
    Math.min(Infinity, ...Object.values(lengths)) === Infinity
      ? 1
      : Math.min(...Object.values(lengths)),
  );
  if (count > maxCells) {
    errors.push(tooManyJobs(count, maxCells, matrix.place));
    return [];
  }
  const excluded = itemsOf(child(matrix, 'exclude')).map((item) => {
    checkAxes(item, known, errors);
    return toPlain(item) as Axes;
  });
  const cells = declared.length === 0 ? [] : combine(zipRows(zipAxes), productAxes);
  const kept = cells.filter((axes) => !excluded.some((pattern) => matches(axes, pattern)));
  for (const item of include) {
    checkAxes(item, known, errors);
    const missing = known.filter((axis) => child(item, axis) === undefined);
    if (missing.length > 0) errors.push(incompleteCell(missing, item.place));
    kept.push(toPlain(item) as Axes);
  }
  if (kept.length === 0) errors.push(noJobs(matrix.place));
  return named(kept, matrix, known, errors);
}

function named(cells: Axes[], matrix: ConfigNode, known: string[], errors: UserError[]): Cell[] {
  const template = child(matrix, 'name');
  const seen = new Set<string>();
  return cells.map((axes) => {
    const name =
      template?.kind === 'scalar'
        ? fillTemplate(String(template.value), axes, (axis) =>
            errors.push(unknownAxis(axis, known, template.place)),
          )
        : Object.values(axes).map(writeOut).join(', ');
    if (seen.has(name)) errors.push(sameJobName(name, (template ?? matrix).place));
    seen.add(name);
    return { name, axes };
  });
}

function combine(rows: Axes[], productAxes: Readonly<Record<string, readonly unknown[]>>): Axes[] {
  let cells = rows;
  for (const [axis, values] of Object.entries(productAxes)) {
    cells = cells.flatMap((cell) => values.map((value) => ({ ...cell, [axis]: value })));
  }
  return cells;
}

function zipRows(zipAxes: Readonly<Record<string, readonly unknown[]>>): Axes[] {
  const entries = Object.entries(zipAxes);
  if (entries.length === 0) return [{}];
  const length = Math.min(...entries.map(([, list]) => list.length));
  return Array.from({ length }, (_, row) =>
    Object.fromEntries(entries.map(([axis, list]) => [axis, list[row]])),
  );
}

function matches(axes: Axes, pattern: Axes): boolean {
  return Object.entries(pattern).every(([axis, value]) => isDeepStrictEqual(axes[axis], value));
}

function checkAxes(item: ConfigNode, known: readonly string[], errors: UserError[]): void {
  for (const [axis, { key }] of entriesOf(item)) {
    if (!known.includes(axis)) errors.push(unknownKey(axis, 'a cell of the matrix', known, key));
  }
}

function lists(node: ConfigNode | undefined): Record<string, readonly unknown[]> {
  return Object.fromEntries(
    entriesOf(node).map(([axis, { value }]) => [axis, toPlain(value) as unknown[]]),
  );
}

function itemsOf(node: ConfigNode | undefined): readonly ConfigNode[] {
  return node?.kind === 'list' ? node.items : [];
}

function keysOf(node: ConfigNode): string[] {
  return entriesOf(node).map(([key]) => key);
}
