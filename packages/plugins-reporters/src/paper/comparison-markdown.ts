import { escapeMarkdown, markdownTable } from '../table/markdown.js';
import { comparisonLabel, comparisonText, type Comparison } from './compare.js';

const head = ['Cell', 'Ours', 'Published', 'Difference', 'Our setting', 'Source'];

/** The cells as a Markdown table with a heading, a description and a footnote. */
export function comparisonMarkdown(
  title: string,
  cells: readonly Comparison[],
  note: string,
  description = '',
): string {
  const rows = cells.map((cell) => {
    const { value, interval, published, difference } = comparisonText(cell);
    return [
      escapeMarkdown(comparisonLabel(cell)),
      escapeMarkdown([value, interval].filter(Boolean).join(' ')),
      published,
      difference,
      escapeMarkdown(cell.setting),
      escapeMarkdown(cell.source ?? ''),
    ];
  });
  return markdownTable(head, rows, title, note, [0, 4, 5], description);
}
