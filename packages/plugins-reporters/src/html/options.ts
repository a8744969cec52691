import { z } from 'zod';

import { fileOption } from '../file-option.js';
import { gridOptions } from '../grid/options.js';
import { tableOptions } from '../table/options.js';

export const htmlOptions = z.strictObject({
  table: tableOptions
    .prefault({})
    .describe(
      'The table of results: the options of the reporter table; without columns, no table.',
    ),
  grid: gridOptions
    .prefault({})
    .describe(
      'The pictures: the options of the reporter picture-grid; without groups, all pictures.',
    ),
  logarithmic: z
    .array(z.string())
    .default([])
    .describe(
      'Series whose charts have a logarithmic axis, by `stage.output`: rates.rates. Zeros are left out of them.',
    ),
  file: fileOption('report.html').describe('Path of the page in the run folder.'),
});

export type HtmlOptions = z.output<typeof htmlOptions>;
