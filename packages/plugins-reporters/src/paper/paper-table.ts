import { defineReporter } from '@privatesnn/core';

import { displayWidth } from '../text.js';
import {
  gridLines,
  gridWidth,
  inked,
  paragraph,
  wrapped,
  type Cell,
  type Line,
  type TextStyle,
} from '../table/text-grid.js';
import { compare, comparisonLabel, comparisonText, type Comparison } from './compare.js';
import { comparisonMarkdown } from './comparison-markdown.js';
import { paperTableOptions } from './options.js';

const head = ['Cell', 'Ours', 'Published', 'Difference'];

export const paperTable = defineReporter({
  kind: 'reporter',
  id: 'paper-table',
  version: 2,
  summary:
    'A table or figure of a paper, cell by cell: our value, the published one, the difference, our setting.',
  source: 'This project; figures of PrivateSNN (AAAI 2022) and of its first version (April 2021)',
  options: paperTableOptions,
  create: (options) => ({
    async report(context, run) {
      const title = options.title || run.title || run.name;
      const cells = await compare(run, options);
      const text = (style: TextStyle) => renderText(title, cells, options.note, style);
      const { columns, colour } = context.terminal;
      context.print(text({ width: Math.max(48, columns), unicode: colour, colour }));
      await context.writeFile(
        `${options.file}.txt`,
        text({ width: 80, unicode: false, colour: false }),
      );
      await context.writeFile(`${options.file}.md`, comparisonMarkdown(title, cells, options.note));
      const json = { format: 2, title, note: options.note, cells };
      await context.writeFile(`${options.file}.json`, `${JSON.stringify(json, null, 2)}\n`);
    },
  }),
});

function renderText(
  title: string,
  cells: readonly Comparison[],
  note: string,
  style: TextStyle,
): string {
  const numbers = cells.map((cell) => {
    const { value, interval, published, difference } = comparisonText(cell);
    const ours = [value, interval].filter(Boolean).join(' ');
    return [ours, published, difference].map((text) => inked(text, style));
  });
  const widths = head
    .slice(1)
    .map((name, column) =>
      Math.max(name.length, ...numbers.map((row) => displayWidth(row[column]!))),
    );
  const label = Math.min(60, style.width - gridWidth([0, ...widths]));
  const width = gridWidth([label, ...widths]);
  // Cells with one setting share its lines, which go over the whole width.
  const rows = cells.flatMap((cell, index): (readonly Cell[])[] => {
    const shared = cell.setting === '' || cell.setting === cells[index + 1]?.setting;
    const setting = shared ? [] : wrapped(inked(cell.setting, style), width - 2, 'faint');
    return [
      [
        wrapped(inked(comparisonLabel(cell), style), label, 'plain'),
        ...numbers[index]!.map((text): Cell => [[{ text, tone: 'plain' }]]),
      ],
      ...setting.map((line) => [[indented(line)]]),
    ];
  });
  const lines = [
    ...paragraph(title, 'strong', style),
    ...gridLines(
      head.map((name) => [[{ text: name, tone: 'strong' }]]),
      rows,
      [label, ...widths],
      style,
    ),
    ...paragraph(note, 'faint', style),
  ];
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

function indented(line: Line): Line {
  return [{ text: '  ', tone: 'plain' }, ...line];
}
