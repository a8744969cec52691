import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { dropoutMask, firstSpikeStep, mix, poissonSpikes, poissonThreshold } from './noise.js';

const uint32 = fc.integer({ min: 0, max: 0xffffffff });

/** The same hash on integers without bound. */
function exactMix(value: number): number {
  const mask = 0xffffffffn;
  let x = BigInt(value);
  x = ((x ^ (x >> 16n)) * 0x7feb352dn) & mask;
  x = ((x ^ (x >> 15n)) * 0x846ca68bn) & mask;
  return Number(x ^ (x >> 16n));
}

describe('noise', () => {
  it('mixes as the formula on unbounded integers does', () => {
    fc.assert(fc.property(uint32, (x) => mix(x) === exactMix(x)));
  });

  it('spikes where the formula says', () => {
    fc.assert(
      fc.property(
        uint32,
        uint32,
        fc.integer({ min: 0, max: 500 }),
        fc.float({ min: -1, max: 1, noNaN: true }),
        (seed, image, step, x) => {
          const pixels = Float32Array.of(0, x);
          const key = exactMix((exactMix((exactMix(seed) ^ image) >>> 0) + step) % 2 ** 32);
          const hash = exactMix((key ^ exactMix((1 + 0x9e3779b9) % 2 ** 32)) >>> 0);
          const spike = Math.floor(hash / 256) < poissonThreshold(x);
          expect([...poissonSpikes(pixels, seed, image, step)]).toEqual([
            0,
            spike ? Math.sign(x) : 0,
          ]);
        },
      ),
    );
  });

  it('spikes always at 1, never at 0, and at the right rate between', () => {
    const pixels = new Float32Array(30_000).map((_, i) => [0, 1, -1, 0.25, -0.7][i % 5]!);
    const spikes = poissonSpikes(pixels, 7, 3, 11);
    const mean = (k: number): number =>
      spikes.filter((_, i) => i % 5 === k).reduce((sum, s) => sum + s, 0) / 6000;
    expect([mean(0), mean(1), mean(2)]).toEqual([0, 1, -1]);
    expect(mean(3)).toBeCloseTo(0.25, 1);
    expect(mean(4)).toBeCloseTo(-0.7, 1);
  });

  it('drops units at the rate and keeps the mean', () => {
    const mask = dropoutMask(20_000, 0.3, 5, 2, 4);
    const mean = mask.reduce((sum, m) => sum + m, 0) / mask.length;
    expect(mean).toBeCloseTo(1, 1);
    expect(new Set(mask)).toEqual(new Set([0, Math.fround(1 / 0.7)]));
    expect([...dropoutMask(50, 0, 5, 2, 4)]).toEqual(new Array(50).fill(1));
  });

  it('puts the first spike earlier for larger values', () => {
    expect([1, -1, 0.75, 0.5, 0.001, 0].map((x) => firstSpikeStep(x, 8))).toEqual([
      0, 0, 2, 4, 7, 8,
    ]);
  });
});
