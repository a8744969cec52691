import { type RandomStream } from '@privatesnn/core';
import { testStream } from '@privatesnn/testkit';
import { expect, test } from 'vitest';

import { bootstrapCorrection, resampleWeights } from './distance/bootstrap.js';
import { frechetDistance } from './distance/frechet.js';
import { fewestImages, type Interval } from './distance/interval.js';
import { mmd2Interval, polynomialKernels } from './distance/kernel.js';
import type { FeatureMatrix } from './features/matrix.js';
import { wilson } from './wilson.js';

/**
 * How often each interval that this package gives holds the truth: 90 to 99 % at nominal 95 %, for a bell-shaped, a
 * skewed and a heavy-tailed distribution, at three sizes, for sets that are equal, a little and far apart.
 */
const bounds = { least: 0.9, most: 0.99 };

/** Distributions of mean 0 and variance 1, with their third moment. */
const distributions = {
  normal: { draw: (random: RandomStream) => random.normal(), third: 0 },
  exponential: { draw: (random: RandomStream) => -Math.log(1 - random.uniform()) - 1, third: 2 },
  't with 5 degrees of freedom': {
    draw: (random: RandomStream) => {
      let squares = 0;
      for (let i = 0; i < 5; i++) squares += random.normal() ** 2;
      return random.normal() / Math.sqrt(squares / 5) / Math.sqrt(5 / 3);
    },
    third: 0,
  },
};

/** What is done to one of the two sets: x becomes scale·x + shift. */
const pairs = [
  { shift: 0, scale: 1 },
  { shift: 0.2, scale: 1 },
  { shift: 0.5, scale: 1.3 },
];

const never = new AbortController().signal;

/** The part of `runs` intervals that hold the truth. */
async function coverage(
  name: string,
  runs: number,
  truth: number,
  interval: (random: RandomStream) => Promise<Interval>,
): Promise<number> {
  const random = testStream(name);
  let held = 0;
  for (let run = 0; run < runs; run++) {
    const [low, high] = await interval(random);
    if (low <= truth + 1e-9 && truth - 1e-9 <= high) held++;
  }
  // The table of docs/stages/fid.md.
  console.log(`${name}: ${((100 * held) / runs).toFixed(1)} %`);
  return held / runs;
}

function sample(
  rows: number,
  columns: number,
  draw: () => number,
  { shift, scale } = pairs[0]!,
): FeatureMatrix {
  const data = Float64Array.from({ length: rows * columns }, () => scale * draw() + shift);
  return { rows, columns, data };
}

const named = Object.entries(distributions);

test.each(named)('FID, %s', async (name, { draw }) => {
  for (const [columns, rows] of [
    [4, fewestImages.fid(4)],
    [4, 100],
    [8, fewestImages.fid(8)],
  ] as const) {
    for (const pair of pairs) {
      const truth = columns * (pair.shift ** 2 + (1 - pair.scale) ** 2);
      const held = await coverage(
        `FID, ${name}, ${rows} images, ${columns} dimensions, shift ${pair.shift}`,
        600,
        truth,
        async (random) => {
          const a = sample(rows, columns, () => draw(random), pair);
          const b = sample(rows, columns, () => draw(random));
          const resampled = () =>
            frechetDistance(a, b, [resampleWeights(rows, random), resampleWeights(rows, random)]);
          const estimate = await frechetDistance(a, b);
          return (await bootstrapCorrection(estimate, resampled, 500, never)).interval!;
        },
      );
      expect(held).toBeGreaterThanOrEqual(bounds.least);
      expect(held).toBeLessThanOrEqual(bounds.most);
    }
  }
});

/** Mean kernel of two independent rows, by the moments 1 to 3 of a column: of the sum of products p, E((p/d + 1)³). */
function meanKernel(a: readonly number[], b: readonly number[], columns: number): number {
  const moment = (powers: readonly number[]) =>
    powers.reduce((product, power) => product * a[power]! * b[power]!, 1);
  let [first, second, third] = [0, 0, 0];
  for (let i = 0; i < columns; i++) {
    first += moment([1]);
    for (let j = 0; j < columns; j++) {
      second += i === j ? moment([2]) : moment([1, 1]);
      for (let k = 0; k < columns; k++) {
        const distinct = new Set([i, j, k]).size;
        third += distinct === 1 ? moment([3]) : distinct === 2 ? moment([2, 1]) : moment([1, 1, 1]);
      }
    }
  }
  return 1 + (3 * first) / columns + (3 * second) / columns ** 2 + third / columns ** 3;
}

test.each(named)('KID, %s', async (name, { draw, third }) => {
  const columns = 16;
  for (const rows of [fewestImages.kid, 100, 200]) {
    for (const pair of pairs) {
      const { shift: s, scale: c } = pair;
      const moved = [1, s, c ** 2 + s ** 2, c ** 3 * third + 3 * c ** 2 * s + s ** 3];
      const plain = [1, 0, 1, third];
      const truth =
        meanKernel(moved, moved, columns) +
        meanKernel(plain, plain, columns) -
        2 * meanKernel(moved, plain, columns);
      const held = await coverage(
        `KID, ${name}, ${rows} images, shift ${s}`,
        300,
        truth,
        async (random) =>
          mmd2Interval(
            await polynomialKernels(
              sample(rows, columns, () => draw(random), pair),
              sample(rows, columns, () => draw(random)),
            ),
          ),
      );
      expect(held).toBeGreaterThanOrEqual(bounds.least);
      expect(held).toBeLessThanOrEqual(bounds.most);
    }
  }
});

test.each([0.1, 0.5, 0.9])('Wilson, of a proportion of %d', async (proportion) => {
  for (const trials of [20, 100, 1000]) {
    const held = await coverage(
      `Wilson, ${proportion}, ${trials} images`,
      4000,
      proportion,
      (random) => {
        let successes = 0;
        for (let i = 0; i < trials; i++) if (random.uniform() < proportion) successes++;
        return Promise.resolve(wilson(successes, trials));
      },
    );
    expect(held).toBeGreaterThanOrEqual(bounds.least);
    expect(held).toBeLessThanOrEqual(bounds.most);
  }
});
