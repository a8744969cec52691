import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { parseSafetensors } from './read.js';

/** What Python's safetensors says of a file; `testing/reference.py` makes them. */
interface Case {
  readonly name: string;
  /** Base64. */
  readonly file: string;
  readonly refused?: string;
  readonly tensors?: Readonly<
    Record<
      string,
      {
        readonly shape: readonly number[];
        /** Null for types that weights may not have. */
        readonly values: readonly (number | 'not finite')[] | null;
      }
    >
  >;
}

const path = join(import.meta.dirname, 'testing', 'reference.json');
const cases = JSON.parse(readFileSync(path, 'utf8')) as readonly Case[];

/** What the reference passes, but the text of the format forbids, or the reference would not write. */
const stricter: Readonly<Record<string, RegExp>> = {
  'twice the same': /the key "w" stands twice \(line 1, column 55\)/,
  'key of metadata twice': /the key "a" stands twice/,
  'space before': /should begin with "{", but begins with the byte 0x20/,
  'new line before': /should begin with "{", but begins with the byte 0x0a/,
  'type as an object': /entry of "w" should hold a type/,
  'entry as a list': /entry of "w" should hold a type/,
};

const refused = expect.objectContaining({ name: 'UserError', code: 'MODEL_FILE_CORRUPT' }) as Error;

test('the cases are of both kinds', () => {
  expect(cases.filter(({ tensors }) => tensors).length).toBeGreaterThan(200);
  expect(cases.filter((one) => one.refused !== undefined).length).toBeGreaterThan(300);
  expect(cases.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(stricter)));
});

test('refuses what the reference refuses', () => {
  for (const { name, file } of cases.filter((one) => one.refused !== undefined)) {
    expect(() => parseSafetensors(Buffer.from(file, 'base64'), name), name).toThrow(refused);
  }
});

test('reads what the reference reads, with the same values', () => {
  for (const { name, file, tensors } of cases) {
    if (!tensors) continue;
    const read = () => parseSafetensors(Buffer.from(file, 'base64'), name);
    if (stricter[name]) {
      expect(read, name).toThrow(refused);
      expect(read, name).toThrow(stricter[name]);
      continue;
    }
    const parsed = read();
    expect(Object.fromEntries(parsed.shapes), name).toEqual(
      Object.fromEntries(Object.entries(tensors).map(([key, { shape }]) => [key, shape])),
    );
    for (const [key, { values }] of Object.entries(tensors)) {
      const code = values === null ? 'TENSOR_TYPE' : 'TENSOR_NOT_FINITE';
      if (values === null || values.includes('not finite')) {
        const error = expect.objectContaining({ name: 'UserError', code }) as Error;
        expect(() => parsed.read(key), name).toThrow(error);
      } else {
        expect([...parsed.read(key).data], name).toEqual(values);
      }
    }
  }
});
