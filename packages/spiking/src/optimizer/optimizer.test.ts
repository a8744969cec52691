import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createAdam } from './adam.js';
import type { Optimizer } from './optimizer.js';
import { learningRateAt } from './schedule.js';
import { createSgd } from './sgd.js';

const vector = fc.array(fc.float({ min: -2, max: 2, noNaN: true }), {
  minLength: 3,
  maxLength: 3,
});

function run(optimizer: Optimizer, weights: Float32Array, gradients: readonly number[][]): void {
  for (const gradient of gradients) {
    optimizer.step({ w: weights }, { w: Float32Array.from(gradient) });
  }
}

describe('createAdam', () => {
  it('moves every entry by the learning rate in its first step, against the sign of the gradient', () => {
    const weights = Float32Array.of(1, 1, 1);
    run(createAdam({ learningRate: 0.01 }), weights, [[5, -0.003, 0]]);
    expect(weights[0]).toBeCloseTo(0.99, 6);
    expect(weights[1]).toBeCloseTo(1.01, 4);
    expect(weights[2]).toBe(1);
  });

  it.each([false, true])(
    'moves by half of the learning rate where the first gradient is as large as epsilon (amsgrad: %s)',
    (amsgrad) => {
      const weights = Float32Array.of(1);
      run(createAdam({ learningRate: 0.5, epsilon: 2 ** -7, amsgrad }), weights, [[2 ** -7]]);
      expect(weights[0]).toBeCloseTo(0.75, 6);
    },
  );

  it('follows the published algorithm', () => {
    fc.assert(
      fc.property(fc.array(vector, { minLength: 1, maxLength: 5 }), (gradients) => {
        const weights = new Float32Array(3);
        run(
          createAdam({ learningRate: 0.1, beta1: 0.8, beta2: 0.9, epsilon: 1e-3 }),
          weights,
          gradients,
        );
        for (let i = 0; i < 3; i++) {
          let [w, m, v] = [0, 0, 0];
          gradients.forEach((gradient, t) => {
            m = 0.8 * m + 0.2 * gradient[i]!;
            v = 0.9 * v + 0.1 * gradient[i]! ** 2;
            w -= (0.1 * m) / (1 - 0.8 ** (t + 1)) / (Math.sqrt(v / (1 - 0.9 ** (t + 1))) + 1e-3);
          });
          expect(weights[i]).toBeCloseTo(w, 4);
        }
      }),
    );
  });

  it('divides by the largest mean square so far and decays weights, where told so', () => {
    fc.assert(
      fc.property(fc.array(vector, { minLength: 1, maxLength: 6 }), (gradients) => {
        const weights = Float32Array.of(1, -1, 0.5);
        const options = { learningRate: 0.1, beta1: 0.8, beta2: 0.5, epsilon: 1e-3 };
        run(createAdam({ ...options, amsgrad: true, weightDecay: 0.25 }), weights, gradients);
        [1, -1, 0.5].forEach((start, i) => {
          let [w, m, v, largest] = [start, 0, 0, 0];
          gradients.forEach((gradient, t) => {
            const g = gradient[i]! + 0.25 * w;
            m = 0.8 * m + 0.2 * g;
            v = 0.5 * v + 0.5 * g ** 2;
            largest = Math.max(largest, v);
            const root = Math.sqrt(largest / (1 - 0.5 ** (t + 1)));
            w -= (0.1 * m) / (1 - 0.8 ** (t + 1)) / (root + 1e-3);
          });
          expect(weights[i]).toBeCloseTo(w, 4);
        });
      }),
    );
  });
});

describe('createSgd', () => {
  it('keeps a velocity and decays weights', () => {
    const weights = Float32Array.of(1);
    const optimizer = createSgd({ learningRate: 0.5, momentum: 0.5, weightDecay: 0.25 });
    optimizer.step({ w: weights }, { w: Float32Array.of(1) });
    expect(weights[0]).toBe(1 - 0.5 * 1.25);
    optimizer.step({ w: weights }, { w: Float32Array.of(0) });
    expect(weights[0]).toBe(0.375 - 0.5 * (0.5 * 1.25 + 0.25 * 0.375));
  });
});

describe('an optimizer', () => {
  const makers: [string, () => Optimizer][] = [
    ['adam', () => createAdam({ learningRate: 0.01 })],
    ['amsgrad', () => createAdam({ learningRate: 0.01, amsgrad: true, weightDecay: 0.1 })],
    ['sgd', () => createSgd({ learningRate: 0.01, momentum: 0.9 })],
  ];

  it.each(makers)('%s goes on from a saved state as if it had not stopped', (_name, make) => {
    fc.assert(
      fc.property(
        fc.array(vector, { minLength: 1, maxLength: 4 }),
        fc.array(vector, { minLength: 1, maxLength: 4 }),
        (before, after) => {
          const whole = new Float32Array(3);
          run(make(), whole, [...before, ...after]);
          const parts = new Float32Array(3);
          const first = make();
          run(first, parts, before);
          const saved = structuredClone(first.state());
          const second = make();
          second.restore(saved);
          run(second, parts, after);
          expect(parts).toEqual(whole);
        },
      ),
    );
  });

  it.each(makers)('%s refuses a gradient of another length', (_name, make) => {
    expect(() => make().step({ w: new Float32Array(2) }, { w: new Float32Array(3) })).toThrow(
      /"w" has 3 entries/,
    );
  });
});

describe('learningRateAt', () => {
  it('divides by ten at half and at 70 % of the epochs', () => {
    const rates = Array.from({ length: 20 }, (_, epoch) => learningRateAt(1, epoch, 20));
    expect(rates.slice(0, 10)).toEqual(new Array(10).fill(1));
    expect(rates.slice(10, 14)).toEqual(new Array(4).fill(0.1));
    expect(rates.slice(14)).toEqual(new Array(6).fill(0.01));
  });
});
