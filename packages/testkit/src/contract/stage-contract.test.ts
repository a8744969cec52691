import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { defineStage, input, optionalInput, output, type Images } from '@privatesnn/core';

import { problemsOfPorts, problemsOfResults } from './kinds.js';
import { problemsOfOptions } from './options.js';
import { runStageContract } from './stage-contract.js';

const noise = defineStage({
  kind: 'generator',
  id: 'noise',
  version: 1,
  summary: 'Uniform noise.',
  options: z.strictObject({
    count: z.number().int().min(1).default(2).describe('How many images.'),
  }),
  inputs: { ann: input('ann', 'Gives the shape of the images.') },
  outputs: { images: output('images', 'The noise.') },
  dependencies: {},
  create: (_dependencies, { count }) => ({
    async run(context, { ann }) {
      context.signal.throwIfAborted();
      const [height, width, channels] = ann.architecture.inputShape;
      const random = context.random('pixels');
      const images: Images = {
        type: 'images',
        shape: [count, height, width, channels],
        pixels: new Float32Array(count * height * width * channels).map(() => random.uniform()),
        range: [0, 1],
        labels: new Int32Array(count),
        classNames: ann.classNames,
        origin: 'synthetic',
      };
      return { images };
    },
  }),
});

const ann = {
  type: 'ann',
  architecture: { name: 'none', inputShape: [2, 2, 1], classes: 1, layers: [] },
  parameters: {},
  inputRange: [0, 1],
  classNames: ['one'],
} as const;

runStageContract(noise, { inputs: { ann } });

describe('problemsOfOptions', () => {
  it('finds nothing in a good schema', () => {
    expect(problemsOfOptions(noise.options)).toEqual([]);
  });

  it.each<[string, z.ZodType, RegExp]>([
    ['another type', z.string(), /no z.strictObject/],
    ['unknown keys', z.object({}), /accepts unknown keys/],
    ['a missing default', z.strictObject({ a: z.number().describe('A.') }), /"a" has no default/],
    ['a missing description', z.strictObject({ a: z.number().default(1) }), /"a" has no descr/],
    [
      'a loose object within',
      z.strictObject({ a: z.object({ b: z.number() }).default({ b: 1 }).describe('A.') }),
      /key "a" accepts unknown keys/,
    ],
  ])('finds %s', (_name, schema, expected) => {
    expect(problemsOfOptions(schema)).toEqual([expect.stringMatching(expected)]);
  });
});

describe('problemsOfPorts', () => {
  it('finds an attacker that could see images', () => {
    const attacker = {
      ...noise,
      kind: 'attacker' as const,
      inputs: { snn: input('snn', 'The target.'), images: optionalInput('images', 'Pictures.') },
    };
    expect(problemsOfPorts(attacker)).toEqual([
      'An attacker must have 1 input, this one has 2.',
      'An attacker must not take images; the input "images" does.',
    ]);
  });

  it('finds a generator that takes no network and gives no images', () => {
    const generator = { ...noise, inputs: {}, outputs: { curve: output('series', 'A curve.') } };
    expect(problemsOfPorts(generator)).toEqual([
      'A generator must take ann by a required input.',
      'A generator must give images.',
    ]);
  });
});

describe('problemsOfResults', () => {
  const images: Images = {
    type: 'images',
    shape: [1, 2, 2, 1],
    pixels: Float32Array.of(0, 1, 0.5, 0.5),
    range: [0, 1],
    labels: Int32Array.of(0),
    classNames: ['one'],
    origin: 'synthetic',
  };

  it.each<[string, Record<string, Images>, RegExp]>([
    ['a missing output', {}, /"images" must be images, it is missing/],
    ['an output too many', { images, more: images }, /"more" is not declared/],
    ['real images', { images: { ...images, origin: 'real' } }, /says real/],
    ['pixels out of range', { images: { ...images, range: [0, 0.5] } }, /outside its range/],
    ['too few labels', { images: { ...images, labels: new Int32Array(0) } }, /0 labels/],
    ['a wrong shape', { images: { ...images, shape: [1, 3, 2, 1] } }, /do not fill its shape/],
  ])('finds %s', (_name, results, expected) => {
    expect(problemsOfResults(noise, results)).toEqual([expect.stringMatching(expected)]);
  });
});
