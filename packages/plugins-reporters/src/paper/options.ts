import { z } from 'zod';

import { fileOption } from '../file-option.js';
import { formats } from '../table/format.js';
import { valuePath } from '../table/options.js';
import { publishedFigures } from './published-figures.js';

export const paperCellSchema = z
  .strictObject({
    row: z.string().min(1).describe('Row of the published table: a method.'),
    column: z.string().min(1).describe('Column of the published table: a dataset, a quantity.'),
    job: z.string().min(1).describe('The job of this run that measures it.'),
    value: valuePath,
    interval: z
      .tuple([valuePath, valuePath])
      .optional()
      .describe('Paths of the lower and the upper bound of a confidence interval of our value.'),
    format: z.enum(formats).default('percent').describe('How the numbers are shown.'),
    decimals: z
      .int()
      .min(0)
      .max(9)
      .optional()
      .describe('Digits after the point; without it, those that suit the format.'),
    figure: z
      .enum(Object.keys(publishedFigures))
      .optional()
      .describe('Name of a figure of the PrivateSNN paper: aaai-table-2/cifar10/privatesnn.'),
    published: z
      .number()
      .nullable()
      .default(null)
      .describe('A published figure that has no name, in the units of our value.'),
    setting: z
      .string()
      .default('')
      .describe(
        'Our setting: network, time-steps, number of images. {stage.output.key} is filled with that scalar of the ' +
          'job, {stage.output} with the architecture of that network.',
      ),
  })
  .refine(({ figure, published }) => figure === undefined || published === null, {
    message: 'A cell has `figure` or `published`, not both.',
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
