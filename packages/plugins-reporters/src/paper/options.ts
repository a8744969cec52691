import { z } from 'zod';

import { fileOption } from '../file-option.js';
import { formats } from '../table/format.js';
import { valuePath } from '../table/options.js';

export const paperCellSchema = z
  .strictObject({
    row: z.string().min(1).describe('Row of the published table: a method.'),
    column: z.string().min(1).describe('Column of the published table: a dataset, a quantity.'),
    job: z.string().min(1).describe('The job of this run that measures it.'),
    value: valuePath,
    format: z
      .enum(formats)
      .exclude(['flag'])
      .default('percent')
      .describe('How the numbers are shown.'),
    decimals: z
      .int()
      .min(0)
      .max(9)
      .optional()
      .describe('Digits after the point; without it, those that suit the format.'),
    published: z
      .number()
      .nullable()
      .default(null)
      .describe('The published figure, in the units of our value.'),
    setting: z
      .string()
      .default('')
      .describe('What our setting is where it differs: network, time-steps, number of images.'),
  })
  .describe('One cell of a published table.');

export const paperTableOptions = z.strictObject({
  title: z
    .string()
    .default('')
    .describe("Heading: which table or figure of the paper; '' for the run's title."),
  cells: z.array(paperCellSchema).default([]).describe('The cells, in the order of the report.'),
  note: z.string().default('').describe('Footnote.'),
  file: fileOption('paper-table').describe(
    'Path in the run folder, without its ending, of the .txt, the .md and the .json file.',
  ),
});

export type PaperTableOptions = z.output<typeof paperTableOptions>;
export type PaperCellOptions = z.output<typeof paperCellSchema>;
