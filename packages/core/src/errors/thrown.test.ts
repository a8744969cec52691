import { expect, test } from 'vitest';

import { UserError } from '../contracts/error.js';
import { errorData } from './error-data.js';
import { formatError } from './format-error.js';
import { safeError } from './thrown.js';

const hostile = (key: string) =>
  Object.defineProperty(new Error('x'), key, {
    get() {
      throw new Error('read');
    },
  });
const proxy = new Proxy(
  {},
  {
    get() {
      throw new Error('read');
    },
    getPrototypeOf() {
      throw new Error('asked');
    },
  },
);
const round = new Error('round');
round.cause = round;
const pair = new Error('a', { cause: new Error('b') });
(pair.cause as Error).cause = pair;

test.each<[string, unknown, string]>([
  ['null', null, 'null'],
  ['undefined', undefined, 'undefined'],
  ['a symbol', Symbol('s'), 'Symbol(s)'],
  ['a BigInt', 5n, '5'],
  ['a function', () => 1, 'a function'],
  ['an object', { code: 5 }, '{ code: 5 }'],
  ['an object whose toString throws', { toString: () => JSON.parse('{') }, 'toString'],
  ['an error without a message', new RangeError(), 'RangeError without a message.'],
  ['a message that throws', hostile('message'), 'cannot be shown'],
  ['a stack that throws', hostile('stack'), 'x'],
  ['a cause that throws', hostile('cause'), 'x'],
  ['a Proxy that throws', proxy, '{}'],
  ['its own cause', round, 'round'],
  ['two that cause each other', pair, 'a'],
  ['five megabytes', new Error('x'.repeat(5e6)), 'characters left out'],
  ['a UserError of no class', new UserError('gone' as never, 'CODE', 'odd'), 'odd'],
  ['a UserError whose code is none', new UserError('data', 5 as never, 'odd'), 'odd'],
])('%s is read, shown and sent', (_, thrown, message) => {
  const error = safeError(thrown);
  expect(error).not.toBeInstanceOf(UserError);
  expect(error.message).toContain(message);
  expect(formatError(thrown, { colour: false, columns: 80 }).length).toBeLessThan(30_000);
  const data = errorData(thrown);
  expect(data.errorClass).toBeNull();
  expect(JSON.stringify(data).length).toBeLessThan(150_000);
});

test('a well-formed UserError stays what it is, of another copy of the package, too', () => {
  const place = { file: 'a.yaml', line: 2, column: 1, excerpt: '', length: 1 };
  const own = new UserError('data', 'CODE', 'wrong', { hint: 'mend', option: 'path', place });
  const other = Object.assign(new Error('wrong'), { ...own });
  for (const thrown of [own, other]) {
    expect(safeError(thrown)).toBeInstanceOf(UserError);
    expect(safeError(thrown)).toMatchObject({
      errorClass: 'data',
      code: 'CODE',
      message: 'wrong',
      hint: 'mend',
      option: 'path',
      place,
    });
  }
});
