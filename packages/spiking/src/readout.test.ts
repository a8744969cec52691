import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { fitReadout, readoutOf } from './readout.js';

const classes = 4;
const logits = fc
  .array(fc.double({ min: -20, max: 20, noNaN: true }), { minLength: 8, maxLength: 40 })
  .map((values) => Float32Array.from(values.slice(0, values.length - (values.length % classes))))
  .filter((values) => values.some((v, i) => Math.abs(v - values[i - (i % classes)]!) > 0.1));

describe('fitReadout', () => {
  it('finds the factor between proportional potentials and logits, whatever is added to each image', () => {
    fc.assert(
      fc.property(
        logits,
        fc.double({ min: 0.01, max: 10, noNaN: true }),
        fc.integer(),
        (y, factor, shift) => {
          const potentials = y.map((v, i) => v / factor + ((shift + Math.floor(i / classes)) % 7));
          const fit = fitReadout(potentials, y, classes);
          expect(fit.scale / factor).toBeCloseTo(1, 3);
          expect(fit.explained).toBeCloseTo(1, 3);
        },
      ),
    );
  });

  it('is the minimum of the squared distance between centred potentials and logits', () => {
    const potentials = Float32Array.of(3, 1, 0, 0, 2, 2, 5, -1);
    const y = Float32Array.of(1, 0, 0, 0.5, 0, 1, 2, -2);
    const { scale } = fitReadout(potentials, y, classes);
    const distance = (s: number) => {
      let sum = 0;
      for (let image = 0; image < 2; image++) {
        const d = [0, 1, 2, 3].map((c) => s * potentials[image * 4 + c]! - y[image * 4 + c]!);
        const mean = d.reduce((a, b) => a + b) / 4;
        sum += d.reduce((a, b) => a + (b - mean) ** 2, 0);
      }
      return sum;
    };
    expect(distance(scale)).toBeLessThan(distance(scale + 1e-3));
    expect(distance(scale)).toBeLessThan(distance(scale - 1e-3));
  });

  it('explains nothing when the network is silent', () => {
    expect(fitReadout(new Float32Array(4), Float32Array.of(1, 2, 3, 4), classes)).toMatchObject({
      scale: 0,
      explained: 0,
    });
  });

  it('does not agree where either network gives its largest output to several classes', () => {
    const potentials = Float32Array.of(0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0);
    const y = Float32Array.of(3, 0, 0, 0, 1, 1, 0, 0, 4, 0, 0, 0);
    expect(fitReadout(potentials, y, classes)).toMatchObject({ agreement: 1 / 3, ties: 2 });
    expect(fitReadout(new Float32Array(4), new Float32Array(4), classes).agreement).toBe(0);
  });
});

describe('readoutOf', () => {
  it('gives 1, 1/T, or the fitted scale', () => {
    const fit = { scale: 0.05, explained: 1, agreement: 1, ties: 0 };
    expect(readoutOf('sum', { timeSteps: 100 }, fit)).toEqual({ kind: 'sum', scale: 1 });
    expect(readoutOf('mean', { timeSteps: 100 }, fit)).toEqual({ kind: 'mean', scale: 0.01 });
    expect(readoutOf('fitted', { timeSteps: 100 }, fit)).toEqual({ kind: 'fitted', scale: 0.05 });
  });

  it('divides by the time-steps that are read', () => {
    const steps = { timeSteps: 100, after: 20 };
    expect(readoutOf('mean', steps)).toEqual({ kind: 'mean', scale: 1 / 80, after: 20 });
    expect(readoutOf('sum', steps)).toEqual({ kind: 'sum', scale: 1, after: 20 });
    const fit = { scale: 0.05, explained: 1, agreement: 1, ties: 0 };
    expect(readoutOf('fitted', steps, fit)).toEqual({ kind: 'fitted', scale: 0.05, after: 20 });
  });

  it('falls back to the mean where nothing could be fitted', () => {
    const silent = { scale: 0, explained: 0, agreement: 0.1, ties: 0 };
    expect(readoutOf('fitted', { timeSteps: 100 }, silent)).toEqual({ kind: 'mean', scale: 0.01 });
  });
});
