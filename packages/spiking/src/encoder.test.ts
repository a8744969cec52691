import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { encode } from './encoder.js';

const pixel = fc.float({ min: -1, max: 1, noNaN: true });
const seed = fc.nat(2 ** 32 - 1);

/** Spikes of one pixel over many time-steps. */
function spikesOf(x: number, noise: number, timeSteps: number): number[] {
  const encoding = { seed: noise, image: 0, timeSteps };
  return encode('poisson', Float32Array.of(x), encoding).map((spikes) => spikes[0]!);
}

describe('poisson coding', () => {
  it('spikes with a rate that tends to |x|, and with the sign of x', () => {
    const timeSteps = 3000;
    fc.assert(
      fc.property(pixel, seed, (x, noise) => {
        const spikes = spikesOf(x, noise, timeSteps);
        expect(spikes.every((spike) => spike === 0 || spike === Math.sign(x))).toBe(true);
        const rate = spikes.filter((spike) => spike !== 0).length / timeSteps;
        const deviation = Math.sqrt((Math.abs(x) * (1 - Math.abs(x))) / timeSteps);
        expect(Math.abs(rate - Math.abs(x))).toBeLessThanOrEqual(7 * deviation + 1e-3);
      }),
    );
  });

  it('always spikes at 1 and −1, never at 0', () => {
    fc.assert(
      fc.property(seed, (noise) => {
        expect(spikesOf(1, noise, 50)).toEqual(new Array(50).fill(1));
        expect(spikesOf(-1, noise, 50)).toEqual(new Array(50).fill(-1));
        expect(spikesOf(0, noise, 50)).toEqual(new Array(50).fill(0));
      }),
    );
  });

  it('draws other spikes for another seed, image, pixel and time-step', () => {
    const half = new Float32Array(64).fill(0.5);
    const at = (noise: number, image: number) =>
      encode('poisson', half, { seed: noise, image, timeSteps: 2 });
    const [first, second] = at(1, 0);
    expect(first).not.toEqual(second);
    expect(at(2, 0)[0]).not.toEqual(first);
    expect(at(1, 1)[0]).not.toEqual(first);
    expect(new Set(first).size).toBe(2);
  });

  it('has the same first steps however long it runs', () => {
    fc.assert(
      fc.property(pixel, seed, (x, noise) => {
        expect(spikesOf(x, noise, 20).slice(0, 5)).toEqual(spikesOf(x, noise, 5));
      }),
    );
  });
});

describe('constant coding', () => {
  it('gives the pixels at every time-step', () => {
    const pixels = Float32Array.of(0.25, -1);
    const encoded = encode('constant', pixels, { seed: 0, image: 0, timeSteps: 3 });
    expect(encoded).toEqual([pixels, pixels, pixels]);
  });
});

describe('first-spike coding', () => {
  it('gives each pixel but 0 at most one spike, the earlier the larger |x|', () => {
    fc.assert(
      fc.property(pixel, pixel, fc.integer({ min: 1, max: 30 }), (a, b, timeSteps) => {
        const steps = encode('first-spike', Float32Array.of(a, b), {
          seed: 0,
          image: 0,
          timeSteps,
        });
        const when = [a, b].map((x, i) => {
          const spikes = steps.map((spike) => spike[i]!);
          expect(spikes.filter((spike) => spike !== 0).length).toBeLessThanOrEqual(1);
          expect(spikes.every((spike) => spike === 0 || spike === Math.sign(x))).toBe(true);
          return spikes.some((spike) => spike !== 0)
            ? spikes.findIndex((spike) => spike !== 0)
            : timeSteps;
        });
        if (Math.abs(a) > Math.abs(b)) expect(when[0]).toBeLessThanOrEqual(when[1]!);
      }),
    );
  });

  it('spikes at ⌊(1 − |x|)·T⌋', () => {
    const encoded = encode('first-spike', Float32Array.of(1, -0.75, 0.5, 0), {
      seed: 0,
      image: 0,
      timeSteps: 4,
    });
    expect(encoded.map((spikes) => Array.from(spikes))).toEqual([
      [1, 0, 0, 0],
      [0, -1, 0, 0],
      [0, 0, 1, 0],
      [0, 0, 0, 0],
    ]);
  });
});
