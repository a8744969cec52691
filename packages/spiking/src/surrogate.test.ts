import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  paperSurrogate,
  spikeTimeGradients,
  spikeTrainGradients,
  surrogateGradient,
  surrogateHeight,
} from './surrogate.js';

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

  it('of width w at a distance from θ is that of width 1 at a w-th of it', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('triangle' as const, 'rectangle' as const, 'exponential' as const),
        theta,
        fc.constantFrom(0.5, 2, 4),
        fc.double({ min: -0.4, max: 3, noNaN: true }),
        (kind, threshold, width, part) => {
          const surrogate = { kind, gamma: 0.3, divideByTheta: true };
          const wide = surrogateGradient(
            { ...surrogate, width },
            threshold + width * part * threshold,
            threshold,
          );
          fc.pre(Math.abs(Math.abs(part) - 0.5) > 1e-6);
          const plain = surrogateGradient(surrogate, threshold + part * threshold, threshold);
          expect(wide / surrogateHeight(surrogate, threshold)).toBeCloseTo(
            plain / surrogateHeight(surrogate, threshold),
            8,
          );
        },
      ),
    );
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

describe('spikeTrainGradients', () => {
  const surrogate = { kind: 'spike-train', gamma: 1, divideByTheta: true } as const;

  it('are (1 + ln λ·a/n)/θ at spikes, with a the trace that they leave at the end, and 0 elsewhere', () => {
    const trace = 0.9 ** 3 + 1;
    const expected = (1 + (Math.log(0.9) * trace) / 2) / 2;
    const gradients = spikeTrainGradients(surrogate, [0, 1, 0, 0, 1], 2, 0.9);
    [0, expected, 0, 0, expected].forEach((value, t) =>
      expect(gradients[t]).toBeCloseTo(value, 12),
    );
  });

  it('are 1/θ at spikes without leak, and 0 for a neuron that never fires', () => {
    expect(spikeTrainGradients(surrogate, [1, 0, 1], 4, 1)).toEqual([0.25, 0, 0.25]);
    expect(spikeTrainGradients(surrogate, [0, 0], 4, 0.9)).toEqual([0, 0]);
  });
});

describe('spikeTimeGradients', () => {
  const surrogate = { kind: 'spike-time', gamma: 0.3, divideByTheta: false, beta: 0.01 } as const;

  it('are 0.3·exp(−0.01·Δt) after a spike, at the step of a later spike too', () => {
    const gradients = spikeTimeGradients(surrogate, [1, 0, 0, 1, 0], 2);
    [1, 2, 3, 1].forEach((steps, i) =>
      expect(gradients[i + 1]).toBeCloseTo(0.3 * Math.exp(-0.01 * steps), 12),
    );
  });

  it('of a neuron that never fired are those of 1,000 steps ago', () => {
    expect(spikeTimeGradients(surrogate, [0, 0], 2)[0]).toBeCloseTo(0.3 * Math.exp(-10), 12);
  });

  it('are divided by θ on demand', () => {
    const spikes = [1, 0, 1, 0, 0];
    const plain = spikeTimeGradients(surrogate, spikes, 4);
    const divided = spikeTimeGradients({ ...surrogate, divideByTheta: true }, spikes, 4);
    divided.forEach((gradient, i) => expect(gradient).toBeCloseTo(plain[i]! / 4, 12));
  });
});
