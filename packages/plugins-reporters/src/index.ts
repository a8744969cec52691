import { definePlugin } from '@privatesnn/core';

import { csv } from './data/csv.js';
import { json } from './data/json.js';
import { pictureGridReporter } from './grid/picture-grid.js';
import { htmlReporter } from './html/html.js';
import { paperTable } from './paper/paper-table.js';
import { table } from './table/table.js';

export default definePlugin({
  name: '@privatesnn/plugins-reporters',
  reporters: [table, json, csv, pictureGridReporter, htmlReporter, paperTable],
});

export { notRun, withOurs, type Comparison } from './paper/compare.js';
export type { PaperTableOptions } from './paper/options.js';
export type { PaperEntry, PaperRun } from './paper/report/entry.js';
export { paperMarkdown } from './paper/report/paper-markdown.js';
export { paperPage } from './paper/report/paper-page.js';
export { publishedFigures, type PublishedFigure } from './paper/published-figures.js';
