import { defineReporter } from '@privatesnn/core';

import { pictureGrid } from './grid.js';
import { gridOptions } from './options.js';
import { paintGrid } from './paint.js';
import { encodePng } from './picture.js';

export const pictureGridReporter = defineReporter({
  kind: 'reporter',
  id: 'picture-grid',
  version: 1,
  summary:
    'One PNG: classes down, jobs across, grouped by attack; no file where the run has no pictures.',
  source: 'This project, after Figs. 2 and 6 of PrivateSNN',
  options: gridOptions,
  create: (options) => ({
    async report(context, run) {
      const grid = await pictureGrid('picture-grid', run, options);
      if (grid.classes.length === 0) return;
      await context.writeFile(options.file, encodePng(paintGrid(grid, options.cell)));
    },
  }),
});
