import { expect, it } from 'vitest';

import { neuronSchema } from './neuron.js';

const neuron = {
  ...{ kind: 'integrate-and-fire', leak: 1, reset: 'soft', firing: 'strict', initial: 0.5 },
};

it('takes neurons that were saved before there were signed ones, as they are', () => {
  expect(neuronSchema.parse(neuron)).toEqual(neuron);
});

it('takes signed neurons without leak and with a soft reset alone', () => {
  const signed = { ...neuron, signed: true };
  expect(neuronSchema.parse(signed)).toEqual(signed);
  for (const changed of [{ leak: 0.5 }, { reset: 'hard' }, { reset: 'delayed-soft' }]) {
    expect(neuronSchema.safeParse({ ...neuron, ...changed, signed: false }).success).toBe(true);
    const { error } = neuronSchema.safeParse({ ...signed, ...changed });
    expect(error?.issues[0]).toMatchObject({
      path: ['signed'],
      message: expect.stringContaining('a leak of 1 and a soft reset') as string,
    });
  }
});
