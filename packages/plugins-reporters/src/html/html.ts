import { defineReporter } from '@privatesnn/core';

import { htmlOptions } from './options.js';
import { renderPage } from './page.js';

export const htmlReporter = defineReporter({
  kind: 'reporter',
  id: 'html',
  version: 1,
  summary: 'One self-contained page: results, pictures, charts, all figures, the manifest.',
  source: 'This project',
  options: htmlOptions,
  create: (options) => ({
    async report(context, run) {
      await context.writeFile(options.file, await renderPage(run, options));
    },
  }),
});
