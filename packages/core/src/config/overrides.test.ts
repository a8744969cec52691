import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';

import { errorsOf } from '../errors/error-list.js';
import { fromPlain, toPlain, type ConfigMap } from './node.js';
import { applyOverrides } from './overrides.js';

const experiment = {
  goals: ['accuracy'],
  matrix: { product: { T: [1, 2] } },
  stages: { convert: { use: 'c', options: { steps: 4, map: { a: 1 } } }, accuracy: { use: 'a' } },
};

type Plain = Record<string, unknown> & { matrix: Record<string, unknown> };

function apply(...overrides: string[]): Plain {
  const root = fromPlain(experiment, { file: 'x' }) as ConfigMap;
  return toPlain(applyOverrides(root, overrides)) as Plain;
}

function problem(...overrides: string[]) {
  try {
    apply(...overrides);
    return undefined;
  } catch (error) {
    return errorsOf(error).map(({ code, place }) => `${code} ${place?.column}`);
  }
}

const options = (plain: Plain) =>
  (plain['stages'] as Record<string, { options?: Record<string, unknown> }>)['convert']!.options!;

test.prop([fc.jsonValue()])('a value is YAML', (value) => {
  fc.pre(!/"(?:__proto__|constructor|prototype)":/.test(JSON.stringify(value)));
  const text = JSON.stringify(value);
  expect(options(apply(`convert.x=${text}`))['x']).toEqual(JSON.parse(text));
});

test('keys within options, and keys of the file', () => {
  expect(options(apply('convert.map.b=2'))['map']).toEqual({ a: 1, b: 2 });
  expect(apply('seed=3', 'preset=tuned', 'title=a, b: c')).toMatchObject({
    seed: 3,
    preset: 'tuned',
    title: 'a, b: c',
  });
  expect(apply('goals=convert,accuracy')['goals']).toEqual(['convert', 'accuracy']);
  expect(apply('matrix.product.T=4').matrix).toEqual({ product: { T: 4 } });
});

test.each([
  ['1,2,4', [1, 2, 4]],
  ['1..5', [1, 2, 3, 4, 5]],
  ['5..1', [5, 4, 3, 2, 1]],
  ['0..100..25', [0, 25, 50, 75, 100]],
  ['0.1..0.5..0.1', [0.1, 0.2, 0.3, 0.4, 0.5]],
  ['1..3,10,20..21', [1, 2, 3, 10, 20, 21]],
  ['[1, 2],[3]', [[1, 2], [3]]],
  [`"a,b",'c''d,e'`, ['a,b', "c'd,e"]],
  ['{a: 1, b: [2, 3]}, {}', [{ a: 1, b: [2, 3] }, {}]],
  ["it's,b", ["it's", 'b']],
])('%s are several values: jobs of their own', (text, values) => {
  const plain = apply(`convert.steps=${text}`);
  expect(options(plain)['steps']).toBe('${convert.steps}');
  expect(plain.matrix['sweep']).toEqual({ 'convert.steps': values });
  expect(apply(`matrix.product.T=${text}`).matrix['product']).toEqual({ T: values });
  expect(apply(`seed=${text}`)['seed']).toEqual(values);
});

test.each(['[1, 2]', '"1,2"', '"1..2"', '1.5', '..', '1..', 'a..b', '{a: 1, b: 2}'])(
  '%s is one value',
  (text) => {
    expect(apply(`convert.steps=${text}`).matrix['sweep']).toBeUndefined();
  },
);

test('"+" adds what is not there, "~" takes away what is', () => {
  expect(apply('+more={use: a}')['stages']).toHaveProperty('more', { use: 'a' });
  expect(apply('+more={use: a}', 'more.x=1', '~accuracy')['stages']).toEqual({
    ...experiment.stages,
    accuracy: undefined,
    more: { use: 'a', options: { x: 1 } },
  });
  expect(options(apply('~convert.steps', '+convert.new=1'))).toEqual({ map: { a: 1 }, new: 1 });
  expect(options(apply('~convert.map.a'))).toEqual({ steps: 4, map: {} });
  expect(apply('~matrix', '~goals')).toEqual({ stages: experiment.stages });
  expect(apply('~matrix.product', '+matrix.zip.k=1,2').matrix).toEqual({ zip: { k: [1, 2] } });
});

test.each([
  [['x'], ['OVERRIDE_FORM 1']],
  [['convert=1'], ['OVERRIDE_FORM 1']],
  [['convert..x=1'], ['OVERRIDE_FORM 1']],
  [['=1'], ['OVERRIDE_FORM 1']],
  [['+=1'], ['OVERRIDE_FORM 1']],
  [['~'], ['OVERRIDE_FORM 1']],
  [['converr.x=1'], ['UNKNOWN_STAGE 1']],
  [['~converr.x'], ['UNKNOWN_STAGE 1']],
  [['~convert.stepz'], ['OVERRIDE_MISSING 2']],
  [['~gone'], ['OVERRIDE_MISSING 2']],
  [['+convert={use: x}'], ['OVERRIDE_EXISTS 2']],
  [['+convert.steps=1'], ['OVERRIDE_EXISTS 2']],
  [['convert.x=5..1..1'], ['OVERRIDE_FORM 11']],
  [['convert.x=1..2..0'], ['OVERRIDE_FORM 11']],
  [['convert.x=3,1..1e9'], ['OVERRIDE_FORM 13']],
  [['convert.x=1,[2'], ['YAML_SYNTAX 15']],
  [
    ['x', 'convert.x=[1'],
    ['OVERRIDE_FORM 1', 'YAML_SYNTAX 13'],
  ],
])('%j is a mistake at its place', (overrides, problems) => {
  expect(problem(...overrides)).toEqual(problems);
});
