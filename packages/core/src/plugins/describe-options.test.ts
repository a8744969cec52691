import { expect, test } from 'vitest';
import { z } from 'zod';

import { describeOptions } from './describe-options.js';

const size = z.int().min(1);

test.each<[string, z.ZodType]>([
  ['string | null', z.string().nullable()],
  ['integer ≥ 1 | null', size.nullable()],
  ['[integer ≥ 1, integer ≥ 1, number]', z.tuple([size, size, z.number()])],
  ['[number, number] | null', z.tuple([z.number(), z.number()]).nullable()],
  ['list of string', z.array(z.string())],
  ['list of (string | null)', z.array(z.string().nullable())],
  ['"a" | "b" | null', z.enum(['a', 'b']).nullable()],
  ['1 | 3', z.union([z.literal(1), z.literal(3)])],
  ['number ≥ 0, < 1', z.number().min(0).lt(1)],
])('prints %s', (text, schema) => {
  expect(describeOptions(z.strictObject({ option: schema }))).toMatchObject([{ type: text }]);
});
