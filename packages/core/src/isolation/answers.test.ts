import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';

import { UserError } from '../contracts/error.js';
import { errorData } from '../errors/error-data.js';
import { descriptionSchema, errorSchema, issueSchema, toldError, toldMistakes } from './answers.js';
import { packed, unpacked } from './values.js';

const stage = {
  ...{ kind: 'attacker', id: 'a', version: 1, summary: 'x', options: [], presets: packed({}) },
  inputs: { victim: { types: ['snn'], optional: false, description: '' } },
  outputs: { images: { type: 'images', description: '' } },
  ...{ dependencies: { engine: 'spiking-engine' }, readsAncestors: false },
};
const description = { name: 'p', faults: [], stages: [stage], reporters: [], services: [] };

test('a description has its fields and no others', () => {
  expect(descriptionSchema.safeParse(description).success).toBe(true);
  const wrong = [
    { ...description, more: 1 },
    { ...description, stages: [{ ...stage, create: 'x' }] },
    { ...description, stages: [{ ...stage, kind: 'toString' }] },
    { ...description, stages: [{ ...stage, inputs: JSON.parse('{"__proto__x":{}}') as unknown }] },
    { ...description, stages: [{ ...stage, outputs: { a: { type: 'tensor', description: '' } } }] },
    { ...description, stages: [{ ...stage, presets: '{}' }] },
    { ...description, stages: [{ ...stage, summary: 'x'.repeat(5000) }] },
    { ...description, stages: new Array<object>(2000).fill(stage) },
  ];
  for (const one of wrong) expect(descriptionSchema.safeParse(one).success).toBe(false);
});

test.prop([fc.jsonValue()])(
  'whatever is told as an error or an issue, it is one or refused',
  (told) => {
    const error = errorSchema.safeParse(told);
    if (error.success) expect(toldError(error.data)).toBeInstanceOf(Error);
    const issue = issueSchema.safeParse(told);
    expect(issue.success).toBe(false);
  },
);

test('an error keeps what it says, and not the place that it claims', () => {
  const place = { file: '/etc/passwd', line: 1 };
  const error = new UserError('run', 'X', 'm'.repeat(100_000), { place, hint: 'do', option: 'o' });
  const told = toldError(errorSchema.parse(errorData(error))) as UserError;
  expect(told).toMatchObject({ errorClass: 'run', code: 'X', hint: 'do', option: 'o' });
  expect(told.place).toBeUndefined();
  expect(told.message.length).toBeLessThan(3000);
  expect(toldMistakes([errorSchema.parse(errorData(new Error('bare')))])).toMatchObject([
    { code: 'CHECK_FAILED', message: 'bare' },
  ]);
});

test.prop([fc.base64String()])('text that is none of packed is refused or plain data', (text) => {
  expect(() => unpacked(text)).toThrow();
});

test('packed values keep what JSON loses', () => {
  const value = { zero: -0, none: NaN, far: Infinity, list: Float32Array.of(1, 2) };
  expect(unpacked(packed(value))).toEqual(value);
});
