import { z } from 'zod';

import type { Immutable } from './immutable.js';
import { name, size, uint8Array } from './values.js';

const title = z.string().max(1000);
const numberOrNull = z.union([z.number(), z.null()], 'Expected a finite number or null');

export const scalarsSchema = z
  .strictObject({
    type: z.literal('scalars'),
    values: z.record(name, numberOrNull),
    /** Why values are null, by name, where the stage knows. */
    reasons: z.record(name, title).optional(),
  })
  .superRefine(({ values, reasons = {} }, context) => {
    for (const key of Object.keys(reasons)) {
      if (Object.hasOwn(values, key) && values[key] === null) continue;
      const message = 'There is no null of this name, for which it could be a reason';
      context.addIssue({ code: 'custom', path: ['reasons', key], message });
    }
  });

/** Named numbers; null where a value could not be computed (the report leaves it empty). */
export interface Scalars extends Immutable<z.output<typeof scalarsSchema>> {}

export const seriesSchema = z
  .strictObject({
    type: z.literal('series'),
    title,
    xLabel: title,
    yLabel: title,
    /** The axis: numbers, or names (layers). */
    x: z.array(z.union([z.number(), name], 'Expected a finite number or a name')),
    lines: z.array(
      z.strictObject({
        name,
        /** One value for each place of the axis; null where there is none. */
        y: z.array(numberOrNull),
      }),
    ),
  })
  .superRefine(({ x, lines }, context) => {
    for (const [at, { y }] of lines.entries()) {
      if (y.length === x.length) continue;
      const message = `Expected ${x.length} values, one for each place of the axis, received ${y.length}`;
      context.addIssue({ code: 'custom', path: ['lines', at, 'y'], message });
    }
  });

/** Curves over one common axis: accuracy against T, loss against epoch. */
export interface Series extends Immutable<z.output<typeof seriesSchema>> {}

export const picturesSchema = z
  .strictObject({
    type: z.literal('pictures'),
    title,
    /** [height, width, channels], channels 1 or 3. */
    shape: z.tuple([size, size, z.union([z.literal(1), z.literal(3)], 'Expected 1 or 3 channels')]),
    items: z.array(
      z.strictObject({
        label: title,
        /** Row-major, from 0 to 255. */
        pixels: uint8Array,
      }),
    ),
  })
  .superRefine(({ shape, items }, context) => {
    const expected = shape.reduce((product: number, one) => product * one, 1);
    for (const [at, { pixels }] of items.entries()) {
      if (pixels.length === expected) continue;
      const message = `Expected ${expected} of them for shape ${shape.join(' × ')}, received ${pixels.length}`;
      context.addIssue({ code: 'custom', path: ['items', at, 'pixels'], message });
    }
  });

/** RGB or grey pictures for people, e.g. one a class. */
export interface Pictures extends Immutable<z.output<typeof picturesSchema>> {}
