import { expect, test } from 'vitest';
import { z } from 'zod';

import { issueErrors } from './issues.js';
import { toPlain } from './node.js';
import { parseYaml } from './parse.js';

const schema = z.strictObject({
  classNames: z.array(z.string()).optional(),
  nested: z.array(z.array(z.string())).optional(),
  title: z.string().optional(),
});

function told(text: string): string[] {
  const node = parseYaml(text, 'x.yaml');
  const { error } = schema.safeParse(toPlain(node));
  return issueErrors(error?.issues ?? [], schema, node, (path) => path.join('.')).map(
    ({ message, hint, place }) => `${place?.column} ${message} ${hint ?? ''}`.trim(),
  );
}

test('numbers in a list of texts are one mistake, with the list as it would be right', () => {
  expect(told('classNames: [0, 1, two]')).toEqual([
    '1 ClassNames: expected a list of texts, received [0,1,"two"]. Quote them: ["0", "1", "two"].',
  ]);
  expect(told(`classNames: [${Array(100).fill('true').join(', ')}]`)).toHaveLength(1);
  expect(told('nested: [[0, 1], [2, 3]]')).toHaveLength(2);
});

test('one alone is told at its place', () => {
  expect(told('classNames: [a, 1]')).toEqual([
    '17 ClassNames.1: expected text, received 1. Put it in quotes: "1".',
  ]);
  expect(told('title: yes no')).toEqual([]);
});

test('what is no word is not to be quoted', () => {
  expect(told('title: [1]')).toEqual(['1 Title: expected text, received [1].']);
});
