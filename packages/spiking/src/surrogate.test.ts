import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { paperSurrogate, surrogateGradient } from './surrogate.js';

const theta = fc.double({ min: 0.01, max: 100, noNaN: true });

describe('surrogateGradient', () => {
  it('of Eq. 5 is 0 outside (0, 2θ), 1 at θ, and a straight line between', () => {
    fc.assert(
      fc.property(theta, fc.double({ min: 0, max: 1, noNaN: true }), (threshold, part) => {
        const at = (u: number) => surrogateGradient(paperSurrogate, u, threshold);
        expect(at(threshold)).toBe(1);
        expect(at(0)).toBe(0);
        expect(at(2 * threshold)).toBe(0);
        expect(at(-part * threshold)).toBe(0);
        expect(at((2 + part) * threshold)).toBe(0);
        expect(at(part * threshold)).toBeCloseTo(part, 10);
        expect(at((2 - part) * threshold)).toBeCloseTo(part, 10);
      }),
    );
  });

  it('of a rectangle is 1 within θ/2 of θ and 0 beyond', () => {
    const rectangle = { kind: 'rectangle', gamma: 1, divideByTheta: false } as const;
    const at = [0.99, 1, 1.01, 2, 2.99, 3].map((u) => surrogateGradient(rectangle, u, 2));
    expect(at).toEqual([0, 0, 1, 1, 1, 0]);
  });

  it('of an exponential is 1 at θ and falls by e over a distance of θ', () => {
    const exponential = { kind: 'exponential', gamma: 1, divideByTheta: false } as const;
    expect(surrogateGradient(exponential, 2, 2)).toBe(1);
    expect(surrogateGradient(exponential, 4, 2)).toBeCloseTo(Math.exp(-1), 12);
    expect(surrogateGradient(exponential, 0, 2)).toBeCloseTo(Math.exp(-1), 12);
  });

  it('is multiplied by gamma and divided by θ on demand, as the published code has it: 0.3/θ', () => {
    fc.assert(
      fc.property(theta, fc.double({ min: -1, max: 3, noNaN: true }), (threshold, part) => {
        const u = part * threshold;
        const scaled = surrogateGradient(
          { kind: 'triangle', gamma: 0.3, divideByTheta: true },
          u,
          threshold,
        );
        const plain = surrogateGradient(paperSurrogate, u, threshold);
        expect(scaled).toBeCloseTo((0.3 / threshold) * plain, 8);
      }),
    );
  });
});
