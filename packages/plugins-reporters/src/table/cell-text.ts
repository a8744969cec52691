import { intervalText } from '../results/interval.js';
import type { ColumnOptions } from './options.js';
import { formatValue, shownDecimals } from './format.js';
import type { ResultTable, TableCell } from './result-table.js';

/** The parts of a cell as text; '' for what is not there. */
export interface CellText {
  readonly value: string;
  /** "97.1–98.5", or "few images". */
  readonly interval: string;
  /** "paper 82.8" */
  readonly published: string;
}

/**
 * @param fewerDecimals how many digits after the point to leave out, so that a table fits
 */
export function cellText(
  table: Pick<ResultTable, 'publishedLabel'>,
  column: ColumnOptions,
  cell: TableCell,
  fewerDecimals = 0,
): CellText {
  const show = (value: number | null): string => {
    if (value === null) return '';
    const decimals = shownDecimals(value, column.format, column.decimals) - fewerDecimals;
    return formatValue(
      value,
      column.format,
      fewerDecimals === 0 ? column.decimals : Math.max(0, decimals),
    );
  };
  const published = show(cell.published);
  return {
    value: show(cell.value),
    interval: intervalText(cell.interval, show, '–'),
    published: published && `${table.publishedLabel} ${published}`.trim(),
  };
}
