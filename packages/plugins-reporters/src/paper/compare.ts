import type { RunReport } from '@privatesnn/core';

import { intervalText, readInterval, type Interval } from '../results/interval.js';
import { knownPaths, readReasons, readValues, requirePaths } from '../results/values.js';
import { formatValue } from '../table/format.js';
import type { PaperCellOptions, PaperTableOptions } from './options.js';
import { publishedFigures } from './published-figures.js';
import { fillSetting, settingPaths } from './setting.js';

/** One cell of a published table beside ours; null where there is nothing, which is never filled. */
export interface Comparison {
  readonly row: string;
  readonly column: string;
  readonly job: string;
  readonly value: string;
  readonly format: PaperCellOptions['format'];
  readonly decimals?: number | undefined;
  readonly ours: number | null;
  /** The 95 % interval of our value. */
  readonly interval: Interval | null;
  readonly published: number | null;
  /** Where the published figure stands: "AAAI 2022, Table 2". */
  readonly source: string | null;
  /** Ours minus published. */
  readonly difference: number | null;
  /** What we measured it with; empty where the cell was not run. */
  readonly setting: string;
}

/** @throws UserError REPORT_PATH where a cell of a job that ran names a scalar that no job has */
export async function compare(run: RunReport, options: PaperTableOptions): Promise<Comparison[]> {
  const values = await readValues(run);
  const reasons = await readReasons(run);
  const jobs = new Map(
    run.jobs.map((job, index) => [
      job.name,
      { job, values: values[index]!, reasons: reasons[index]! },
    ]),
  );
  const wanted = options.cells
    .filter(({ job }) => jobs.has(job))
    .flatMap(({ value, interval, setting }) => [
      value,
      ...(interval ?? []),
      ...settingPaths(setting),
    ]);
  requirePaths(run, 'paper-table', 'value', wanted, knownPaths(values));
  return Promise.all(
    options.cells.map(async (cell) => {
      const empty = notRun(cell);
      const found = jobs.get(cell.job);
      const ours = found?.values.get(cell.value) ?? null;
      if (found === undefined) return empty;
      if (ours === null) {
        const reason = found.reasons.get(cell.value);
        return reason === undefined ? empty : { ...empty, setting: `empty: ${reason}` };
      }
      return withOurs(empty, {
        ours,
        interval: readInterval(cell.interval, found.values),
        setting: await fillSetting(cell.setting, found.job, found.values),
      });
    }),
  );
}

/** A cell of which only the published figure is known. */
export function notRun(cell: PaperCellOptions): Comparison {
  const { row, column, job, value, format, decimals, figure, published } = cell;
  const named = figure === undefined ? undefined : publishedFigures[figure]!;
  return {
    row,
    column,
    job,
    value,
    format,
    ...(decimals === undefined ? {} : { decimals }),
    ours: null,
    interval: null,
    published: named?.value ?? published,
    source: named?.source ?? null,
    difference: null,
    setting: '',
  };
}

/** A cell of which only the published figure is known, with what we measured. */
export function withOurs(
  empty: Comparison,
  { ours, interval, setting }: Pick<Comparison, 'interval' | 'setting'> & { readonly ours: number },
): Comparison {
  const { published, format } = empty;
  const difference = published === null || format === 'flag' ? null : ours - published;
  return { ...empty, ours, interval, difference, setting };
}

/** The numbers of a cell as text; the difference with its sign, the interval in brackets; '' for what is not there. */
export function comparisonText(
  cell: Comparison,
): Record<'value' | 'interval' | 'published' | 'difference', string> {
  const show = (value: number | null) =>
    formatValue(value, cell.format, cell.decimals).replace(/^-/, '−');
  const interval = intervalText(cell.interval, show, ', ');
  const difference = show(cell.difference === null ? null : Math.abs(cell.difference));
  const sign = (cell.difference ?? 0) < 0 ? '−' : '+';
  return {
    value: show(cell.ours),
    interval: interval && `[${interval}]`,
    published: show(cell.published),
    difference: difference && sign + difference,
  };
}

/** "PrivateSNN, CIFAR-10 (%)" */
export function comparisonLabel({ row, column, format }: Comparison): string {
  return `${row}, ${column}${format === 'percent' ? ' (%)' : ''}`;
}
