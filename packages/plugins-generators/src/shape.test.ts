import { expect, it } from 'vitest';
import { z } from 'zod';

import { withDefaults, withPresetNotes } from './shape.js';

const shape = {
  rate: z.number().positive().default(0.1).describe('A rate.'),
  every: z.int().min(0).default(0).describe('A period.'),
};

it('withDefaults changes the default and keeps checks and description', () => {
  const changed = withDefaults(shape, { rate: 5 });
  const schema = z.strictObject(changed);
  expect(schema.parse({})).toEqual({ rate: 5, every: 0 });
  expect(schema.safeParse({ rate: -1 }).success).toBe(false);
  expect(changed.rate.description).toBe('A rate.');
});

it('withPresetNotes names the value of each preset where they differ', () => {
  const noted = withPresetNotes(shape, { a: {}, b: {}, c: { every: 4 } });
  expect(noted.rate.description).toBe('A rate.');
  expect(noted.every.description).toBe('A period. a, b: 0; c: 4.');
  expect(z.strictObject(noted).parse({})).toEqual({ rate: 0.1, every: 0 });
});
