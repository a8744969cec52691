import { defineReporter } from '@privatesnn/core';

import { renderMarkdown } from './markdown.js';
import { tableOptions } from './options.js';
import { resultTable } from './result-table.js';
import { renderText } from './text-table.js';

/** Width of the table in the text file, whatever the terminal. */
const fileWidth = 80;

export const table = defineReporter({
  kind: 'reporter',
  id: 'table',
  version: 1,
  summary:
    'One table, a row for each job, with published figures beside ours: terminal, text, Markdown.',
  source: 'This project',
  options: tableOptions,
  create: (options) => ({
    async report(context, run) {
      const content = await resultTable('table', run, options);
      const { columns, colour } = context.terminal;
      const unicode = options.lines === 'auto' ? colour : options.lines === 'unicode';
      context.print(renderText(content, { width: Math.max(20, columns), unicode, colour }));
      const text = renderText(content, { width: fileWidth, unicode: false, colour: false });
      await context.writeFile(`${options.file}.txt`, text);
      await context.writeFile(`${options.file}.md`, renderMarkdown(content));
    },
  }),
});
