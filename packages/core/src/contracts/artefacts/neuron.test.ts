import { expect, it } from 'vitest';

import { neuronSchema } from './neuron.js';

const neuron = {
  ...{ kind: 'integrate-and-fire', leak: 1, reset: 'soft', firing: 'strict', initial: 0.5 },
};

it('takes neurons that were saved before there were signed ones, as they are', () => {
  expect(neuronSchema.parse(neuron)).toEqual(neuron);
});

it('takes a probe without leak, with a soft reset and of binary spikes alone', () => {
  const probing = { ...neuron, probeSteps: 4 };
  expect(neuronSchema.parse(probing)).toEqual(probing);
  const conflicts = [{ leak: 0.5 }, { reset: 'hard' }, { reset: 'delayed-soft' }, { signed: true }];
  for (const changed of conflicts) {
    expect(neuronSchema.safeParse({ ...neuron, ...changed }).success).toBe(true);
    const { error } = neuronSchema.safeParse({ ...probing, ...changed });
    expect(error?.issues[0]).toMatchObject({
      path: ['probeSteps'],
      message: expect.stringContaining('a leak of 1, a soft reset') as string,
    });
  }
  for (const probeSteps of [0, 1.5]) {
    expect(neuronSchema.safeParse({ ...neuron, probeSteps }).success).toBe(false);
  }
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
