import { displayWidth, longestWord, plain, wrap } from '../text.js';
import { cellText } from './cell-text.js';
import { titleWithUnit } from './format.js';
import type { ResultTable } from './result-table.js';

export interface TextStyle {
  /** Columns that the table may take. */
  readonly width: number;
  /** Box lines, × and – as they are; otherwise plain ASCII. */
  readonly unicode: boolean;
  readonly colour: boolean;
}

type Tone = 'plain' | 'strong' | 'faint';
type Line = readonly { readonly text: string; readonly tone: Tone }[];

/** How densely cells are written, from roomy to dense. */
type Layout = 'one line' | 'two lines' | 'three lines' | 'no decimals';
const layouts: readonly Layout[] = ['one line', 'two lines', 'three lines', 'no decimals'];

const gap = 2;

/**
 * The table for a terminal or a text file, at most `style.width` columns wide: cells break into lines, headings
 * wrap and decimals go until it fits; where nothing fits, each row becomes a list.
 */
export function renderText(table: ResultTable, style: TextStyle): string {
  const ink = (text: string) => (style.unicode ? plain(text) : ascii(plain(text)));
  const body = renderGrid(table, style, ink) ?? renderLists(table, style, ink);
  const title = wrap(ink(table.title), style.width).map((text) => paint(text, 'strong', style));
  const note = wrap(ink(table.note), style.width).map((text) => paint(text, 'faint', style));
  return [...title, ...body, ...note].map((line) => `${line.trimEnd()}\n`).join('');
}

type Ink = (text: string) => string;

function renderGrid(table: ResultTable, style: TextStyle, ink: Ink): string[] | undefined {
  const names = table.rows.map(({ name }) => ink(name));
  const heading = ink(table.rowTitle);
  const titles = table.columns.map(({ title, format }) => ink(titleWithUnit(title, format)));
  const roomyName = Math.max(...[heading, ...names].map(displayWidth));
  const tightName = Math.max(8, ...[heading, ...names].map(longestWord));

  for (const layout of layouts) {
    const cells = cellLines(table, layout, ink);
    const widths = titles.map((title, column) =>
      Math.max(
        longestWord(title),
        ...cells.map((row) => Math.max(0, ...row[column]!.map(lineWidth))),
      ),
    );
    const rest = widths.reduce((sum, width) => sum + width + gap, 0);
    const nameWidth = [roomyName, Math.min(roomyName, tightName)].find(
      (width) => width + rest <= style.width,
    );
    if (nameWidth === undefined) continue;

    const columns = [nameWidth, ...widths];
    const rule = (style.unicode ? '─' : '-').repeat(nameWidth + rest);
    const head = [heading, ...titles].map((title, column) =>
      wrap(title, columns[column]!).map((text) => [{ text, tone: 'strong' as const }]),
    );
    return [
      rule,
      ...renderRow(bottomAligned(head), columns, style),
      rule,
      ...names.flatMap((name, row) => {
        const tone = table.rows[row]!.ran ? 'plain' : 'faint';
        const label = wrap(name, nameWidth).map((text): Line => [{ text, tone }]);
        return renderRow([label, ...cells[row]!], columns, style);
      }),
      rule,
    ];
  }
  return undefined;
}

/** [row][column][line] */
function cellLines(table: ResultTable, layout: Layout, ink: Ink): Line[][][] {
  const part = (text: string, tone: Tone): Line => (text === '' ? [] : [{ text: ink(text), tone }]);
  return table.rows.map((row) =>
    row.cells.map((cell, index) => {
      const fewer = layout === 'no decimals' ? 9 : 0;
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

/** The first column to the left, numbers to the right. */
function renderRow(
  cells: readonly (readonly Line[])[],
  widths: number[],
  style: TextStyle,
): string[] {
  const height = Math.max(...cells.map(({ length }) => length));
  return Array.from({ length: height }, (_, at) =>
    cells
      .map((lines, column) => {
        const line = lines[at] ?? [];
        const text = line.map((part) => paint(part.text, part.tone, style)).join('');
        const space = ' '.repeat(widths[column]! - lineWidth(line));
        return column === 0 ? text + space : ' '.repeat(gap) + space + text;
      })
      .join(''),
  );
}

function bottomAligned(cells: readonly Line[][]): Line[][] {
  const height = Math.max(...cells.map(({ length }) => length));
  return cells.map((lines) => [...Array<Line>(height - lines.length).fill([]), ...lines]);
}

function renderLists(table: ResultTable, style: TextStyle, ink: Ink): string[] {
  return table.rows.flatMap((row) => [
    ...wrap(ink(row.name), style.width).map((text) => paint(text, 'strong', style)),
    ...row.cells.flatMap((cell, index) => {
      const column = table.columns[index]!;
      const { value, interval, published } = cellText(table, column, cell);
      if (value === '' && published === '') return [];
      const parts = [value, interval && `[${interval}]`, published && `(${published})`];
      const text = `${titleWithUnit(column.title, column.format)}: ${parts.filter(Boolean).join(' ')}`;
      return wrap(ink(text), Math.max(1, style.width - 2)).map((line) => `  ${line}`);
    }),
  ]);
}

function lineWidth(line: Line): number {
  return line.reduce((sum, { text }) => sum + displayWidth(text), 0);
}

function paint(text: string, tone: Tone, { colour }: TextStyle): string {
  if (!colour || tone === 'plain' || text === '') return text;
  return `\u001b[${tone === 'strong' ? 1 : 2}m${text}\u001b[22m`;
}

const asciiFor: Readonly<Record<string, string>> = {
  '×': 'x',
  '–': '-',
  '—': '-',
  '∞': 'inf',
  '·': '-',
  '…': '...',
};

/** Plain ASCII: known signs by their likeness, letters without accents, anything else as "?". */
function ascii(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^ -~]/gu, (character) => asciiFor[character] ?? '?');
}
