import { z } from 'zod';

import { fileOption } from '../file-option.js';

export const groupSchema = z
  .strictObject({
    title: z.string().min(1).describe('Heading over the columns of the group.'),
    pictures: z
      .string()
      .regex(/^[^.]+\.[^.]+$/, 'Pictures are named by stage.output, as attack1.pictures')
      .describe('Pictures or images by their path, stage.output.'),
    jobs: z
      .array(z.string())
      .optional()
      .describe('The jobs to show, in this order; without it, all that have such pictures.'),
  })
  .describe(
    'A column for each job; one, without its name, where all share the pictures or only one has any.',
  );

export type GroupOptions = z.output<typeof groupSchema>;

/** The options of `picture-grid`, which `html` takes too under its own `grid`. */
export const gridOptions = z.strictObject({
  groups: z
    .array(groupSchema)
    .default([])
    .describe('Groups of columns; without any, one for each output of pictures.'),
  rows: z.int().min(1).max(1000).default(10).describe('The largest number of classes shown.'),
  perClass: z.int().min(1).max(20).default(1).describe('Pictures of each class, side by side.'),
  cell: z
    .int()
    .min(8)
    .max(512)
    .default(84)
    .describe('Wanted size of one picture in pixels; pictures are enlarged by whole numbers.'),
  file: fileOption('grid.png').describe('Path of the PNG file in the run folder.'),
});

export type GridOptions = z.output<typeof gridOptions>;
