import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  crossEntropy,
  distillation,
  encryptionLoss,
  oneHot,
  softmax,
  squaredError,
  weightedSum,
  type Loss,
} from './losses.js';

const logits = fc
  .array(fc.double({ min: -30, max: 30, noNaN: true }), { minLength: 3, maxLength: 3 })
  .map((values) => Float32Array.from(values));
const temperature = fc.double({ min: 0.5, max: 20, noNaN: true });

/** (f(z + ε) − f(z − ε)) / 2ε, with the step that float32 really took. */
function differences(loss: Loss, at: Float32Array): number[] {
  return Array.from(at, (z, i) => {
    const [above, below] = [z + 1e-2, z - 1e-2].map((value) => {
      const moved = at.slice();
      moved[i] = value;
      return { x: moved[i]!, y: loss(moved).value };
    }) as [{ x: number; y: number }, { x: number; y: number }];
    return (above.y - below.y) / (above.x - below.x);
  });
}

function expectGradient(loss: Loss, at: Float32Array): void {
  const { gradient } = loss(at);
  differences(loss, at).forEach((difference, i) => expect(gradient[i]).toBeCloseTo(difference, 3));
}

describe('softmax', () => {
  it('gives probabilities that a shift of all logits leaves as they are', () => {
    fc.assert(
      fc.property(logits, fc.integer({ min: -1000, max: 1000 }), (z, shift) => {
        const p = softmax(z);
        expect(p.reduce((a, b) => a + b)).toBeCloseTo(1, 10);
        const shifted = softmax(Array.from(z, (value) => value + shift));
        p.forEach((value, i) => expect(shifted[i]).toBeCloseTo(value, 8));
      }),
    );
  });

  it('keeps logits of a thousand finite', () => {
    expect(Array.from(softmax([1000, 0, -1000]))).toEqual([1, 0, 0]);
  });
});

describe('squaredError', () => {
  it('is half the squared distance from the target, with its gradient', () => {
    fc.assert(
      fc.property(logits, fc.nat(2), (z, label) => {
        const loss = squaredError(label);
        const distance = Math.hypot(...z.map((value, i) => value - (i === label ? 1 : 0)));
        expect(loss(z).value).toBeCloseTo(distance ** 2 / 2, 3);
        expect(squaredError(oneHot(label, 3))(z)).toEqual(loss(z));
        expectGradient(loss, z);
      }),
    );
  });

  it('takes the place of the cross-entropy in the loss of encryption training', () => {
    const options = { temperature: 20, timesSquaredTemperature: true, m: 0 };
    const loss = encryptionLoss(2, [0, 0, 0], { ...options, loss: 'squared-error' });
    expect(loss(Float32Array.of(1, 2, 3)).value).toBe(4.5);
  });
});

describe('crossEntropy', () => {
  it('is log(classes) for equal logits', () => {
    expect(crossEntropy(1)(new Float32Array(4)).value).toBeCloseTo(Math.log(4), 12);
  });

  it('takes a hard label as the soft label of one class', () => {
    fc.assert(
      fc.property(logits, fc.nat(2), (z, label) => {
        expect(crossEntropy(label)(z)).toEqual(crossEntropy(oneHot(label, 3))(z));
      }),
    );
  });

  it('has the gradient of its finite differences, for soft labels too', () => {
    fc.assert(
      fc.property(logits, logits, (z, target) => expectGradient(crossEntropy(softmax(target)), z)),
    );
  });
});

describe('distillation', () => {
  it('is 0 with a gradient of 0 where the student equals the teacher', () => {
    fc.assert(
      fc.property(logits, temperature, (z, tau) => {
        const loss = distillation(z, { temperature: tau, timesSquaredTemperature: true });
        expect(loss(z)).toEqual({ value: 0, gradient: new Float32Array(3) });
      }),
    );
  });

  it('is never negative', () => {
    fc.assert(
      fc.property(logits, logits, temperature, (z, teacher, tau) => {
        const loss = distillation(teacher, { temperature: tau, timesSquaredTemperature: false });
        expect(loss(z).value).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('has the gradient of its finite differences', () => {
    fc.assert(
      fc.property(logits, logits, temperature, (z, teacher, tau) =>
        expectGradient(
          distillation(teacher, { temperature: tau, timesSquaredTemperature: true }),
          z,
        ),
      ),
    );
  });

  it('without τ² is the τ-th part of its square', () => {
    const z = Float32Array.of(1, 2, 3);
    const options = { temperature: 4, timesSquaredTemperature: true };
    const squared = distillation([3, 1, 0], options)(z);
    const plain = distillation([3, 1, 0], { ...options, timesSquaredTemperature: false })(z);
    expect(plain.value * 16).toBeCloseTo(squared.value, 10);
    expect(plain.gradient[0]! * 16).toBeCloseTo(squared.gradient[0]!, 5);
  });

  it('agrees with the divergence worked out by hand', () => {
    const loss = distillation([Math.log(3), 0], {
      temperature: 1,
      timesSquaredTemperature: true,
    });
    const expected = 0.75 * Math.log(0.75 / 0.5) + 0.25 * Math.log(0.25 / 0.5);
    expect(loss(new Float32Array(2)).value).toBeCloseTo(expected, 12);
  });
});

describe('encryptionLoss', () => {
  const options = { temperature: 20, timesSquaredTemperature: true };
  const teacher = [4, 0, -4];

  it('is (1 − m) times cross-entropy plus m times distillation (Eq. 3)', () => {
    fc.assert(
      fc.property(logits, fc.double({ min: 0, max: 1, noNaN: true }), (z, m) => {
        const whole = encryptionLoss(2, teacher, { ...options, m })(z);
        const parts = [crossEntropy(2)(z).value, distillation(teacher, options)(z).value] as const;
        expect(whole.value).toBeCloseTo((1 - m) * parts[0] + m * parts[1], 8);
      }),
    );
  });

  it('is a weighted sum, whose parts compose', () => {
    const z = Float32Array.of(1, -1, 0);
    const twice = weightedSum([2, crossEntropy(0)], [0, crossEntropy(1)])(z);
    expect(twice.value).toBeCloseTo(2 * crossEntropy(0)(z).value, 12);
  });
});
