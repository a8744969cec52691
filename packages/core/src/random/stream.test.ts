import { createHash } from 'node:crypto';

import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';

import { randomStream } from './stream.js';

const draw = (stream: ReturnType<typeof randomStream>, count = 8) =>
  Array.from({ length: count }, () => stream.uint32());

/** xoroshiro128+ after Blackman and Vigna (2018), with 64-bit integers: a = 24, b = 16, c = 37. */
function* xoroshiro(s0: bigint, s1: bigint): Generator<bigint> {
  const mask = (1n << 64n) - 1n;
  const rotate = (x: bigint, by: bigint) => ((x << by) | (x >> (64n - by))) & mask;
  for (;;) {
    yield (s0 + s1) & mask;
    s1 ^= s0;
    s0 = (rotate(s0, 24n) ^ s1 ^ (s1 << 16n)) & mask;
    s1 = rotate(s1, 37n);
  }
}

test.prop([fc.nat(), fc.string(), fc.string()])(
  'a stream is xoroshiro128+ from the digest of its names',
  (seed, stage, name) => {
    const digest = createHash('sha256')
      .update(JSON.stringify([seed, stage, name]))
      .digest();
    const word = (at: number) => BigInt(digest.readUInt32LE(at));
    const expected = xoroshiro((word(0) << 32n) | word(4), (word(8) << 32n) | word(12));
    for (const value of draw(randomStream(seed, stage, name))) {
      expect(BigInt(value)).toBe((expected.next().value as bigint) & 0xffffffffn);
    }
  },
);

test.prop([fc.nat(), fc.array(fc.string(), { maxLength: 3 }), fc.string(), fc.string()])(
  'streams of other names have other numbers',
  (seed, names, one, other) => {
    const [a, b] = [randomStream(seed, ...names, one), randomStream(seed, ...names, other)];
    expect(draw(a).join() === draw(b).join()).toBe(one === other);
  },
);

test.prop([fc.nat(), fc.string(), fc.string()])(
  'a fork is the stream of the longer name, and drawing from it moves nothing',
  (seed, name, fork) => {
    const stream = randomStream(seed, name);
    const forked = draw(stream.fork(fork));
    expect(forked).toEqual(draw(randomStream(seed, name, fork)));
    expect(draw(stream)).toEqual(draw(randomStream(seed, name)));
  },
);

test.prop([fc.nat(), fc.integer({ min: 1, max: 2 ** 32 })])(
  'integers stay below the bound',
  (seed, bound) => {
    const stream = randomStream(seed, 'x');
    for (let i = 0; i < 20; i++) {
      const value = stream.integer(bound);
      expect(Number.isInteger(value) && value >= 0 && value < bound).toBe(true);
    }
  },
);

test('uniform and normal numbers have the moments of their distributions', () => {
  const stream = randomStream(1, 'moments');
  const count = 200_000;
  const moments = (next: () => number) => {
    let [sum, squares] = [0, 0];
    for (let i = 0; i < count; i++) {
      const value = next();
      sum += value;
      squares += value * value;
    }
    return { mean: sum / count, variance: squares / count - (sum / count) ** 2 };
  };
  const uniform = moments(stream.uniform);
  const normal = moments(stream.normal);
  // Five standard errors of the mean and of the variance.
  expect(Math.abs(uniform.mean - 1 / 2)).toBeLessThan(5 * Math.sqrt(1 / 12 / count));
  expect(Math.abs(uniform.variance - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / count));
  expect(Math.abs(normal.mean)).toBeLessThan(5 * Math.sqrt(1 / count));
  expect(Math.abs(normal.variance - 1)).toBeLessThan(5 * Math.sqrt(2 / count));
});
