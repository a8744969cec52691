import { expect, it } from 'vitest';

import { snnSchema } from './snn.js';

const snn = {
  type: 'snn',
  architecture: {
    ...{ name: 'one', inputShape: [1, 1, 2], classes: 2 },
    layers: [
      { kind: 'flatten' },
      { kind: 'dense', name: 'output', inputs: 2, outputs: 2, bias: false },
    ],
  },
  parameters: { 'output.weight': { shape: [2, 2], data: Float32Array.of(1, 0, 0, 1) } },
  thresholds: {},
  neuron: { kind: 'integrate-and-fire', leak: 1, reset: 'soft', firing: 'strict', initial: 0 },
  encoder: { kind: 'constant', range: [0, 1] },
  readout: { kind: 'sum', scale: 1 },
  timeSteps: 4,
  classNames: ['a', 'b'],
};

const issueOf = (readout: object) => snnSchema.safeParse({ ...snn, readout }).error?.issues[0];

it('takes a read-out that leaves out fewer time-steps than there are', () => {
  expect(snnSchema.parse(snn)).toEqual(snn);
  for (const after of [0, 1, 3]) expect(issueOf({ ...snn.readout, after })).toBeUndefined();
  expect(issueOf({ ...snn.readout, after: 4 })).toMatchObject({
    path: ['readout', 'after'],
    message: 'Expected less than T = 4, received 4',
  });
  for (const after of [-1, 1.5]) {
    expect(issueOf({ ...snn.readout, after })).toMatchObject({ path: ['readout', 'after'] });
  }
});

it('takes none that filters and leaves out time-steps', () => {
  const filtered = { kind: 'filtered', scale: 1 };
  expect(issueOf({ ...filtered, after: 0 })).toBeUndefined();
  expect(issueOf({ ...filtered, after: 1 })).toMatchObject({
    path: ['readout', 'after'],
    message: expect.stringContaining('Expected 0 where the current is filtered') as string,
  });
});
