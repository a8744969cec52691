import type { RunReport } from '@privatesnn/core';

import { readInterval, type Interval } from '../results/interval.js';
import {
  knownPaths,
  readReasons,
  readValues,
  requirePaths,
  type JobValues,
} from '../results/values.js';
import { publishedFigures } from '../paper/published-figures.js';
import type { ColumnOptions, TableOptions } from './options.js';

export interface TableCell {
  /** Ours; null where the job has no such value. */
  readonly value: number | null;
  readonly interval: Interval | null;
  readonly published: number | null;
  /** The best of our values in this column. */
  readonly best: boolean;
}

export interface TableRow {
  readonly name: string;
  /** False for a row that only the published figures have. */
  readonly ran: boolean;
  readonly cells: readonly TableCell[];
}

/** Our results, job by job, and the published figures for them. */
export interface ResultTable {
  readonly title: string;
  readonly rowTitle: string;
  readonly columns: readonly ColumnOptions[];
  readonly rows: readonly TableRow[];
  readonly publishedLabel: string;
  readonly note: string;
}

/**
 * Looks up every cell of the table.
 *
 * @throws UserError REPORT_PATH where a column names a scalar that no job has
 */
export async function resultTable(
  reporter: string,
  run: RunReport,
  options: TableOptions,
): Promise<ResultTable> {
  const values = await readValues(run);
  const known = knownPaths(values);
  const columns = options.columns.length > 0 ? options.columns : known.map(columnOf);
  if (run.jobs.length > 0) {
    const wanted = columns.flatMap(({ value, interval }) => [value, ...(interval ?? [])]);
    requirePaths(run, reporter, 'value', wanted, known);
  }

  const best = columns.map((column) => bestOf(column, values));
  const rowOf = (name: string, job: JobValues | undefined): TableRow => ({
    name,
    ran: job !== undefined,
    cells: columns.map((column, index) => {
      const value = job?.get(column.value) ?? null;
      return {
        value,
        interval: value === null ? null : readInterval(column.interval, job),
        published: publishedValue(options.published[name]?.[column.title]),
        best: value !== null && value === best[index],
      };
    }),
  });
  const ran = run.jobs.map(({ name }, index) => rowOf(name, values[index]));
  const names = new Set(run.jobs.map(({ name }) => name));
  const publishedOnly = Object.keys(options.published)
    .filter((name) => !names.has(name))
    .map((name) => rowOf(name, undefined));

  const { rowTitle, publishedLabel } = options;
  const note = [options.note, ...emptyCells(columns, run, values, await readReasons(run))]
    .filter(Boolean)
    .join(' ');
  return {
    title: run.title || run.name,
    rowTitle,
    columns,
    rows: [...ran, ...publishedOnly],
    publishedLabel,
    note,
  };
}

/** Sentences that say why cells are empty, one for each reason. */
function emptyCells(
  columns: readonly ColumnOptions[],
  run: RunReport,
  values: readonly JobValues[],
  reasons: readonly ReadonlyMap<string, string>[],
): string[] {
  const cells = new Map<string, string[]>();
  for (const [index, { name }] of run.jobs.entries()) {
    for (const { title, value } of columns) {
      const reason = reasons[index]!.get(value);
      if (reason === undefined || values[index]!.get(value) !== null) continue;
      cells.set(reason, [...(cells.get(reason) ?? []), `${title} of ${name}`]);
    }
  }
  return [...cells].map(([reason, names]) => `Empty (${names.join(', ')}): ${reason}.`);
}

function columnOf(path: string): ColumnOptions {
  return { title: path, value: path, format: 'number', better: 'neither' };
}

/** The best of at least two values; of one value alone, nothing can be said. */
function bestOf(column: ColumnOptions, jobs: readonly JobValues[]): number | undefined {
  if (column.better === 'neither') return undefined;
  const values = jobs.flatMap((job) => job.get(column.value) ?? []).filter(Number.isFinite);
  if (new Set(values).size < 2) return undefined;
  return column.better === 'higher' ? Math.max(...values) : Math.min(...values);
}

function publishedValue(figure: number | string | undefined): number | null {
  return typeof figure === 'string' ? publishedFigures[figure]!.value : (figure ?? null);
}
