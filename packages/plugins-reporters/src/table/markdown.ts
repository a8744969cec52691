import { plain } from '../text.js';
import { cellText } from './cell-text.js';
import { titleWithUnit } from './format.js';
import type { ResultTable } from './result-table.js';

/** The table in GitHub's Markdown, with the note below. */
export function renderMarkdown(table: ResultTable): string {
  const rows = table.rows.map((row) => [
    escapeMarkdown(row.name),
    ...row.cells.map((cell, index) => {
      const { value, interval, published } = cellText(table, table.columns[index]!, cell);
      const ours = cell.best ? `**${value}**` : value;
      const parts = [ours, interval && `[${interval}]`, published && `(${published})`];
      return escapeBars(parts.filter(Boolean).join(' '));
    }),
  ]);
  const head = [table.rowTitle, ...table.columns.map((c) => titleWithUnit(c.title, c.format))];
  return markdownTable(head.map(escapeMarkdown), rows, table.title, table.note);
}

/**
 * A Markdown table of cells that are escaped already.
 *
 * @param textColumns indices of the columns that hold text, which stands to the left; numbers stand to the right
 * @param lead what stands above the table
 */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  title: string,
  note: string,
  textColumns: readonly number[] = [0],
  lead = '',
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const lines = [
    line(head),
    line(head.map((_, index) => (textColumns.includes(index) ? '---' : '---:'))),
    ...rows.map(line),
  ];
  const header = lead === '' ? [] : [escapeMarkdown(lead), ''];
  const footer = note === '' ? [] : ['', escapeMarkdown(note)];
  return [`## ${escapeMarkdown(title)}`, '', ...header, ...lines, ...footer, ''].join('\n');
}

/** Text that Markdown and HTML in it show as it is. */
export function escapeMarkdown(text: string): string {
  return plain(text)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/[\\`*_[\]|~#>]/g, (character) => `\\${character}`);
}

function escapeBars(text: string): string {
  return text.replace(/\|/g, '\\|');
}
