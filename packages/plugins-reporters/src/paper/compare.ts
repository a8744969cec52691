import type { RunReport } from '@privatesnn/core';

import { knownPaths, readValues, requirePaths } from '../results/values.js';
import { formatValue } from '../table/format.js';
import type { PaperCellOptions, PaperTableOptions } from './options.js';

/** One cell of a published table beside ours; null where there is nothing, which is never filled. */
export interface Comparison extends PaperCellOptions {
  readonly ours: number | null;
  /** Ours minus published. */
  readonly difference: number | null;
}

/** @throws UserError REPORT_PATH where a cell of a job that ran names a scalar that no job has */
export async function compare(run: RunReport, options: PaperTableOptions): Promise<Comparison[]> {
  const values = await readValues(run);
  const jobs = new Map(run.jobs.map(({ name }, index) => [name, values[index]!]));
  const ran = options.cells.filter(({ job }) => jobs.has(job));
  requirePaths(
    'paper-table',
    'value',
    ran.map(({ value }) => value),
    knownPaths(values),
  );
  return options.cells.map((cell) => {
    const ours = jobs.get(cell.job)?.get(cell.value) ?? null;
    const both = ours !== null && cell.published !== null;
    return { ...cell, ours, difference: both ? ours - cell.published! : null };
  });
}

/** The three numbers of a cell as text; the difference with its sign. */
export function comparisonText(
  cell: Comparison,
): Record<'ours' | 'published' | 'difference', string> {
  const show = (value: number | null) => formatValue(value, cell.format, cell.decimals);
  const difference = show(cell.difference === null ? null : Math.abs(cell.difference));
  const sign = (cell.difference ?? 0) < 0 ? '−' : '+';
  return {
    ours: show(cell.ours),
    published: show(cell.published),
    difference: difference && sign + difference,
  };
}

/** "PrivateSNN, CIFAR-10 (%)" */
export function comparisonLabel({ row, column, format }: Comparison): string {
  return `${row}, ${column}${format === 'percent' ? ' (%)' : ''}`;
}
