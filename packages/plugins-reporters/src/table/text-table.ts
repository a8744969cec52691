import { displayWidth, longestWord, wrap } from '../text.js';
import { cellText } from './cell-text.js';
import { titleWithUnit } from './format.js';
import type { ResultTable } from './result-table.js';
import {
  cellWidth,
  gridLines,
  gridWidth,
  inked,
  paragraph,
  wrapped,
  type Cell,
  type Line,
  type TextStyle,
  type Tone,
} from './text-grid.js';

/** How densely cells are written, from roomy to dense. */
type Layout = 'one line' | 'two lines' | 'three lines' | 'no decimals';
const layouts: readonly Layout[] = ['one line', 'two lines', 'three lines', 'no decimals'];

/**
 * The table for a terminal or a text file, at most `style.width` columns wide: cells break into lines, headings
 * wrap and decimals go until it fits; where nothing fits, each row becomes a list.
 */
export function renderText(table: ResultTable, style: TextStyle): string {
  const lines = [
    ...paragraph(table.title, 'strong', style),
    ...(renderGrid(table, style) ?? renderLists(table, style)),
    ...paragraph(table.note, 'faint', style),
  ];
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

function renderGrid(table: ResultTable, style: TextStyle): string[] | undefined {
  const names = table.rows.map(({ name }) => inked(name, style));
  const heading = inked(table.rowTitle, style);
  const titles = table.columns.map((c) => inked(titleWithUnit(c.title, c.format), style));
  const roomyName = Math.max(...[heading, ...names].map(displayWidth));
  const tightName = Math.max(8, ...[heading, ...names].map(longestWord));

  for (const layout of layouts) {
    const cells = cellsOf(table, layout, style);
    const widths = titles.map((title, column) =>
      Math.max(longestWord(title), ...cells.map((row) => cellWidth(row[column]!))),
    );
    const nameWidth = [roomyName, Math.min(roomyName, tightName)].find(
      (width) => gridWidth([width, ...widths]) <= style.width,
    );
    if (nameWidth === undefined) continue;
    const columns = [nameWidth, ...widths];
    const head = [heading, ...titles].map((title, at) => wrapped(title, columns[at]!, 'strong'));
    const rows = names.map((name, at) => [
      wrapped(name, nameWidth, table.rows[at]!.ran ? 'plain' : 'faint'),
      ...cells[at]!,
    ]);
    return gridLines(head, rows, columns, style);
  }
  return undefined;
}

/** [row][column] */
function cellsOf(table: ResultTable, layout: Layout, style: TextStyle): Cell[][] {
  const part = (text: string, tone: Tone): Line =>
    text === '' ? [] : [{ text: inked(text, style), tone }];
  return table.rows.map((row) =>
    row.cells.map((cell, index) => {
      const fewer = layout === 'no decimals' ? Infinity : 0;
      const text = cellText(table, table.columns[index]!, cell, fewer);
      const value = part(text.value, cell.best ? 'strong' : 'plain');
      const interval = part(text.interval && `[${text.interval}]`, 'faint');
      const published = part(text.published && `(${text.published})`, 'faint');
      if (layout === 'one line') return [joined(joined(value, interval), published)];
      const first = layout === 'two lines' ? [joined(value, interval)] : [value, interval];
      return [...first, published].filter((line, at) => at === 0 || line.length > 0);
    }),
  );
}

function joined(a: Line, b: Line): Line {
  if (a.length === 0 || b.length === 0) return [...a, ...b];
  return [...a, { text: ' ', tone: 'plain' }, ...b];
}

function renderLists(table: ResultTable, style: TextStyle): string[] {
  return table.rows.flatMap((row) => [
    ...paragraph(row.name, 'strong', style),
    ...row.cells.flatMap((cell, index) => {
      const column = table.columns[index]!;
      const { value, interval, published } = cellText(table, column, cell);
      if (value === '' && published === '') return [];
      const parts = [value, interval && `[${interval}]`, published && `(${published})`];
      const text = `${titleWithUnit(column.title, column.format)}: ${parts.filter(Boolean).join(' ')}`;
      return wrap(inked(text, style), Math.max(1, style.width - 2)).map((line) => `  ${line}`);
    }),
  ]);
}
