import { withOurs, type Comparison } from '@privatesnn/plugins-reporters';

import type { Item } from './items.js';
import type { ItemRun } from './results.js';

/** A table or figure in the report: its cells, the runs that measured them, and what failed, if anything did. */
export interface ItemResult {
  readonly item: Item;
  readonly cells: readonly JoinedCell[];
  /** The runs that have a cell; none where nothing was run. */
  readonly runs: readonly ItemRun[];
  /** Why there is no run, or why the last one failed. */
  readonly reason: string | null;
}

/** A cell, and the run that measured it. */
export interface JoinedCell extends Comparison {
  readonly run: ItemRun | null;
}

/**
 * The cells of an item, each from the first run that measured it. Where more than one run has a part, the setting of
 * each cell names its profile.
 *
 * @param runs the preferred one first
 */
export function joinRuns(
  { empty }: Pick<Item, 'empty'>,
  runs: readonly ItemRun[],
): Pick<ItemResult, 'cells' | 'runs'> {
  const cells = empty.map((cell): JoinedCell => {
    for (const run of runs) {
      const found = run.cells.find((other) => sameValue(cell, other));
      if (typeof found?.ours === 'number') {
        return { ...withOurs(cell, { ...found, ours: found.ours }), run };
      }
    }
    return { ...cell, run: null };
  });
  const used = runs.filter((run) => cells.some((cell) => cell.run === run));
  if (used.length < 2) return { cells, runs: used.length === 1 ? used : runs.slice(0, 1) };
  return { cells: cells.map(withProfile), runs: used };
}

/** The same quantity of the same job; its names in the table may have changed since. */
function sameValue(a: Comparison, b: Comparison): boolean {
  return a.job === b.job && a.value === b.value;
}

function withProfile(cell: JoinedCell): JoinedCell {
  if (cell.run === null) return cell;
  const { profile } = cell.run.manifest;
  const named = profile === null ? 'no profile' : `profile ${profile}`;
  return { ...cell, setting: [cell.setting, named].filter(Boolean).join('; ') };
}
