import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { denseLayouts, denseOperations } from '../dense/layouts.js';
import { readResults, writeArguments } from './kernel-arguments.js';
import {
  inputLayout,
  layouts,
  partLayout,
  type FieldKind,
  type KernelName,
  type Layout,
} from './kernel-layouts.js';
import { operations } from './operations.js';

const folder = new URL('../../kernels/', import.meta.url);
const sources = [...withIncludes('kernels.c').values()].join('\n');
const denseSources = [...withIncludes('dense.c').values()].join('\n');

/** A C file and all that it includes, by name. */
function withIncludes(name: string, files = new Map<string, string>()): Map<string, string> {
  if (files.has(name)) return files;
  const text = readFileSync(new URL(name, folder), 'utf8');
  files.set(name, text);
  for (const [, included] of text.matchAll(/^#include "(.+)"/gm)) withIncludes(included!, files);
  return files;
}

/** The fields of a C structure as [type, name], inner structures in their place as [fields, name]. */
type CField = readonly [string | CField[], string];

function fieldsOf(struct: string, text: string): CField[] {
  const body = new RegExp(`^struct ${struct} \\{\n(.*?)^\\};`, 'ms').exec(text)?.[1];
  if (body === undefined) throw new Error(`The headers have no structure "${struct}".`);
  const declarations = body.replace(/\/\/.*$/gm, '').split(';');
  return declarations.flatMap((declaration) => {
    const match = /^\s*(struct \w+|\w+)\s+(.+?)\s*$/s.exec(declaration);
    if (!match) return [];
    const [, type = '', names = ''] = match;
    const inner = type.startsWith('struct ') ? fieldsOf(type.slice('struct '.length), text) : type;
    return names.split(',').map((name): CField => [inner, name.trim()]);
  });
}

/** Of a field's kind, its types in C: a result's sign matters to those who read it. */
const types: Record<FieldKind, readonly string[]> = {
  int: ['ref', 'int32_t', 'uint32_t'],
  float: ['float'],
  'float in-out': ['float'],
  'int result': ['int32_t'],
  'uint result': ['uint32_t'],
  'float result': ['float'],
};

function expectSame(layout: Layout, fields: CField[]): void {
  expect(Object.keys(layout)).toEqual(fields.map(([, name]) => name));
  for (const [type, name] of fields) {
    const kind = layout[name]!;
    if (typeof type !== 'string') expectSame(kind as Layout, type);
    else expect(types[kind as FieldKind], name).toContain(type);
  }
}

/** "byEntry" for "by_entry" in C. */
const nameInC = (kernel: string): string =>
  kernel.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const kernels = Object.keys(layouts) as KernelName[];

describe('layouts of the kernels', () => {
  it.each(kernels)('of "%s": the fields of its structure in C, in their order', (kernel) => {
    expectSame(layouts[kernel], fieldsOf(`${nameInC(kernel)}_args`, sources));
  });

  it('of what lies in arrays: the fields of its structure in C, in their order', () => {
    expectSame(inputLayout, fieldsOf('input', sources));
    expectSame(partLayout, fieldsOf('part', sources));
  });

  it('are there for all kernels, under their numbers in C', () => {
    const cases = [...sources.matchAll(/CASE\((\d+), (\w+)\)/g)];
    expect(Object.fromEntries(cases.map(([, number, name]) => [name, Number(number)]))).toEqual(
      Object.fromEntries(kernels.map((kernel) => [nameInC(kernel), operations[kernel]])),
    );
  });
});

describe('layouts of the dense kernels', () => {
  const names = Object.keys(denseLayouts) as (keyof typeof denseLayouts)[];

  it.each(names)('of "%s": the fields of its structure in C after the units', (kernel) => {
    const [units, ...rest] = fieldsOf(`${nameInC(kernel)}_args`, denseSources);
    expect(units?.[1]).toBe('units');
    expectSame(denseLayouts[kernel], rest);
  });

  it('are there for all kernels, under their numbers in C', () => {
    const cases = [...denseSources.matchAll(/CASE\((\d+), (\w+)\)/g)];
    expect(Object.fromEntries(cases.map(([, number, name]) => [name, Number(number)]))).toEqual(
      Object.fromEntries(names.map((kernel) => [nameInC(kernel), denseOperations[kernel]])),
    );
  });
});

describe('arguments', () => {
  const layout: Layout = {
    first: 'int',
    inner: { a: 'float', b: 'int' },
    sum: 'float in-out',
    count: 'uint result',
    last: 'int result',
  };
  const integers = new Int32Array(8).fill(-1);
  const words = { integers, floats: new Float32Array(integers.buffer) };

  it('go to the words of the structure in the order of the layout, whatever theirs', () => {
    const values = { sum: 0.5, first: 2 ** 32 - 16, inner: { b: 3, a: 1.5 } };
    expect(writeArguments(layout, values, words)).toBe(6);
    expect([integers[0], integers[2], integers[4], integers[5]]).toEqual([-16, 3, 0, 0]);
    expect([words.floats[1], words.floats[3]]).toEqual([1.5, 0.5]);
    expect(integers[6]).toBe(-1);
  });

  it('are all needed, those of inner structures too', () => {
    const values = { sum: 0.5, first: 1, inner: { b: 3 } };
    expect(() => writeArguments(layout, values, words)).toThrow(
      'Expected a number for the kernel\'s argument "a", received undefined.',
    );
  });

  it('hold the results afterwards, with the signs of their types', () => {
    integers.set([-1, -1], 4);
    expect(readResults(layout, words)).toEqual({ sum: 0.5, count: 2 ** 32 - 1, last: -1 });
  });
});
