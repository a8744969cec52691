import { canonicalJson } from '../cache/canonical.js';
import type { Axes } from './interpolate.js';
import { entriesOf, toPlain, type ConfigNode } from './node.js';

/** Axes that are taken together, row by row: all of `zip`, or one of `product`. */
export interface Dimension {
  readonly axes: readonly string[];
  readonly rows: readonly Axes[];
}

/** The dimensions of `zip` (none or one; its shortest list says how many rows) and of `product` (one for each axis). */
export function dimensionsOf(
  zip: ConfigNode | undefined,
  product: ConfigNode | undefined,
): Dimension[] {
  const zipped = entriesOf(zip).map(([axis, { value }]) => [axis, toPlain(value)] as const);
  const crossed = entriesOf(product).map(([axis, { value }]) => [axis, toPlain(value)] as const);
  return [...(zipped.length > 0 ? [zipped] : []), ...crossed.map((axis) => [axis])].map((axes) => {
    const lists = axes as readonly (readonly [string, readonly unknown[]])[];
    const length = Math.min(...lists.map(([, list]) => list.length));
    return {
      axes: lists.map(([axis]) => axis),
      rows: Array.from({ length }, (_, row) =>
        Object.fromEntries(lists.map(([axis, list]) => [axis, list[row]])),
      ),
    };
  });
}

/** How many combinations of one row of each dimension there are. */
export function combinations(dimensions: readonly Dimension[]): number {
  return dimensions.reduce((count, { rows }) => count * rows.length, 1);
}

/** The combination of a number from 0; the last dimension changes first. */
export function combination(dimensions: readonly Dimension[], index: number): Axes {
  let rest = index;
  const rows: Axes[] = [];
  for (const { rows: all } of dimensions.toReversed()) {
    rows.unshift(all[rest % all.length]!);
    rest = Math.floor(rest / all.length);
  }
  return Object.assign({}, ...rows) as Axes;
}

/**
 * Which combinations have all the values of a pattern, for any of the patterns. The rows that have a value are looked
 * up, not compared with each: there may be ten thousand combinations and as many patterns.
 *
 * @returns 1 at the number of each such combination
 */
export function excludedBy(
  patterns: readonly Axes[],
  dimensions: readonly Dimension[],
): Uint8Array {
  const out = new Uint8Array(combinations(dimensions));
  const find = rowFinder(dimensions);
  const seen = new Set<string>();
  for (const pattern of patterns) {
    const key = canonicalJson(pattern);
    if (seen.has(key)) continue;
    seen.add(key);
    let numbers = [0];
    for (const [at, { rows }] of dimensions.entries()) {
      const found = find(at, pattern);
      numbers = numbers.flatMap((number) => found.map((row) => number * rows.length + row));
    }
    for (const number of numbers) out[number] = 1;
  }
  return out;
}

/** A function that tells which rows of a dimension have the values that a pattern gives for its axes. */
function rowFinder(dimensions: readonly Dimension[]) {
  const indexes = dimensions.map(({ axes, rows }) => ({
    all: rows.map((_, row) => row),
    byAxis: new Map(axes.map((axis) => [axis, rowsByValue(axis, rows)])),
  }));
  return (at: number, pattern: Axes): readonly number[] => {
    const { all, byAxis } = indexes[at]!;
    const lists = Object.entries(pattern).flatMap(([axis, value]) => {
      const byValue = byAxis.get(axis);
      return byValue ? [byValue.get(canonicalJson(value)) ?? new Set<number>()] : [];
    });
    if (lists.length === 0) return all;
    const [shortest, ...others] = lists.sort((a, b) => a.size - b.size);
    return [...shortest!].filter((row) => others.every((rows) => rows.has(row)));
  };
}

function rowsByValue(axis: string, rows: readonly Axes[]): Map<string, Set<number>> {
  const found = new Map<string, Set<number>>();
  for (const [row, axes] of rows.entries()) {
    const key = canonicalJson(axes[axis]);
    const known = found.get(key);
    if (known) known.add(row);
    else found.set(key, new Set([row]));
  }
  return found;
}
