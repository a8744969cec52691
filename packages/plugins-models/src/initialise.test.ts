import { describe, expect, it } from 'vitest';

import { testStream } from '@privatesnn/testkit';

import { initialise } from './initialise.js';
import { vgg } from './vgg.js';

describe('initialise', () => {
  it('draws weights with variance 2 / inputs and leaves biases at 0', () => {
    const network = vgg('vgg5', { inputShape: [8, 8, 3], classes: 10, hidden: 64, bias: true });
    const parameters = initialise(network, testStream('x'));
    for (const [name, inputs] of [
      ['conv2', 9 * 64],
      ['conv3', 9 * 128],
      ['fc1', 512],
    ] as const) {
      const { data } = parameters[`${name}.weight`]!;
      const variance = data.reduce((sum, w) => sum + w * w, 0) / data.length;
      expect((variance * inputs) / 2).toBeCloseTo(1, 1);
    }
    expect(parameters['fc2.bias']).toEqual({ shape: [10], data: new Float32Array(10) });
  });

  it('draws each layer from its own stream', () => {
    const options = { inputShape: [8, 8, 1], classes: 3, width: 0.1 } as const;
    const a = initialise(vgg('vgg5', { ...options, hidden: 4 }), testStream('x'));
    const b = initialise(vgg('vgg5', { ...options, hidden: 9 }), testStream('x'));
    expect(a['conv3.weight']).toEqual(b['conv3.weight']);
  });
});
