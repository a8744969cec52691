import { createHash } from 'node:crypto';

import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

import type { RandomStream } from '../contracts/random.js';

/**
 * The random stream of a name. The generator (xoroshiro128+) starts from the SHA-256 of the root seed and all
 * names, so a stream's numbers depend on nothing else: not on other streams, stages or jobs.
 *
 * @param names the stage, the stream, the forks beneath it
 */
export function randomStream(seed: number, ...names: readonly string[]): RandomStream {
  const digest = createHash('sha256')
    .update(JSON.stringify([seed, ...names]))
    .digest();
  const state = [0, 4, 8, 12].map((at) => digest.readInt32LE(at));
  const generator = xoroshiro128plusFromState(state);
  let spare: number | undefined;

  const uint32 = () => generator.next() >>> 0;
  const uniform = () => ((uint32() >>> 5) * 67_108_864 + (uint32() >>> 6)) / 9_007_199_254_740_992;

  return {
    uint32,
    uniform,
    integer(bound) {
      if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) {
        throw new RangeError(`A bound must be an integer from 1 to 2³², not ${bound}.`);
      }
      // Values above the largest multiple of the bound are drawn again, so that all are equally likely.
      const limit = 2 ** 32 - (2 ** 32 % bound);
      for (;;) {
        const value = uint32();
        if (value < limit) return value % bound;
      }
    },
    normal() {
      if (spare !== undefined) {
        const value = spare;
        spare = undefined;
        return value;
      }
      // Marsaglia's polar method.
      for (;;) {
        const x = 2 * uniform() - 1;
        const y = 2 * uniform() - 1;
        const square = x * x + y * y;
        if (square > 0 && square < 1) {
          const factor = Math.sqrt((-2 * Math.log(square)) / square);
          spare = y * factor;
          return x * factor;
        }
      }
    },
    fork: (name) => randomStream(seed, ...names, name),
  };
}
