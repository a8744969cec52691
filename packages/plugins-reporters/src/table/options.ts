import { z } from 'zod';

import { fileOption } from '../file-option.js';
import { publishedFigures } from '../paper/published-figures.js';
import { formats } from './format.js';

/** A scalar by its path. */
export const valuePath = z
  .string()
  .regex(/^[^.]+\.[^.]+\..+$/, 'A value is named by stage.output.key, as accuracy.metrics.accuracy')
  .describe('A scalar by its path, stage.output.key.');

export const columnSchema = z
  .strictObject({
    title: z.string().min(1).describe('Heading of the column.'),
    value: valuePath,
    format: z
      .enum(formats)
      .default('number')
      .describe(
        'How the number is shown: percent (a fraction times 100), integer, times (a ratio), flag (yes or no), number.',
      ),
    decimals: z
      .int()
      .min(0)
      .max(9)
      .optional()
      .describe('Digits after the point; without it, those that suit the format.'),
    interval: z
      .tuple([valuePath, valuePath])
      .optional()
      .describe('Paths of the lower and the upper bound of a confidence interval.'),
    better: z
      .enum(['higher', 'lower', 'neither'])
      .default('neither')
      .describe('Which of our values is set in bold.'),
  })
  .describe('One column of the table.');

export type ColumnOptions = z.output<typeof columnSchema>;

/** The options of `table`, which `html` takes too under its own `table`. */
export const tableOptions = z
  .strictObject({
    columns: z
      .array(columnSchema)
      .default([])
      .describe('The columns; without any, one for each scalar of the run.'),
    rowTitle: z.string().default('Method').describe('Heading of the column with the job names.'),
    published: z
      .record(
        z.string(),
        z.record(z.string(), z.union([z.number(), z.enum(Object.keys(publishedFigures))])),
      )
      .default({})
      .describe(
        'Published figures, by job name and column title, in the units of our values; they stand beside ours. A ' +
          'figure of the PrivateSNN paper has a name: aaai-table-3/dc.',
      ),
    publishedLabel: z
      .string()
      .default('paper')
      .describe('The word before a published figure: "97.9 (paper 82.8)".'),
    note: z
      .string()
      .default('')
      .describe('Footnote: of which data and network the published figures are.'),
    file: fileOption('table').describe(
      'Path in the run folder, without its ending, of the .txt and the .md file.',
    ),
    lines: z
      .enum(['auto', 'unicode', 'ascii'])
      .default('auto')
      .describe(
        'Characters of the terminal table; auto: unicode where the terminal shows colour, else ASCII.',
      ),
  })
  .superRefine(({ columns, published }, context) => {
    const titles = columns.map(({ title }) => title);
    titles.forEach((title, index) => {
      if (titles.indexOf(title) !== index) {
        context.addIssue({
          code: 'custom',
          path: ['columns', index, 'title'],
          message: `Two columns are called "${title}".`,
        });
      }
    });
    for (const [job, figures] of Object.entries(published)) {
      for (const title of Object.keys(figures)) {
        if (!titles.includes(title)) {
          context.addIssue({
            code: 'custom',
            path: ['published', job, title],
            message: `No column is called "${title}"; the columns are ${titles.join(', ') || 'none'}.`,
          });
        }
      }
    }
  });

export type TableOptions = z.output<typeof tableOptions>;
