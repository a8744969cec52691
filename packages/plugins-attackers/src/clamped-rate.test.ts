import { createTensorRuntime, type TensorRuntime } from '@privatesnn/runtime-tfjs';
import { runStageContract, tinySnn } from '@privatesnn/testkit';
import { beforeAll, expect, it } from 'vitest';

import { clampedRate } from './clamped-rate.js';
import { spikeRate } from './rate-model.js';

let runtime: TensorRuntime;
beforeAll(async () => {
  runtime = await createTensorRuntime({ prefer: 'embedded' });
});

runStageContract(clampedRate, {
  options: { iterations: 5 },
  dependencies: () => ({ runtime }),
  inputs: () => ({ victim: tinySnn() }),
});

it('clamps current / θ, and passes gradients of saturated neurons only straight through', () => {
  const { tf } = runtime;
  tf.tidy(() => {
    const current = tf.tensor1d([-1, 0.5, 1.5, 4]);
    for (const straightThrough of [false, true]) {
      const rate = (x: typeof current) => spikeRate(tf, x, 2, straightThrough) as typeof current;
      expect([...rate(current).dataSync()]).toEqual([0, 0.25, 0.75, 1]);
      const gradient = [
        ...tf
          .grad((x) => rate(x as typeof current))(current)
          .dataSync(),
      ];
      expect(gradient).toEqual([0, 0.5, 0.5, straightThrough ? 0.5 : 0]);
    }
  });
});
