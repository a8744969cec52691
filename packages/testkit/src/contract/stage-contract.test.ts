import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { defineStage, input, optionalInput, output, type Images } from '@privatesnn/core';

import { problemsOfOptions } from './options.js';
import { problemsOfPorts } from './ports.js';
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
      'stage "noise" takes images as "images"; a stage of kind attacker may take ann, snn.',
      'stage "noise" has 2 inputs; a stage of kind attacker has exactly 1.',
    ]);
  });

  it('finds a port without a description', () => {
    const silent = { ...noise, inputs: { ann: input('ann', '') } };
    expect(problemsOfPorts(silent)).toEqual(['The input "ann" has no description.']);
  });
});
