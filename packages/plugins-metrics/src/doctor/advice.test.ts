import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { tinySnn } from '../testing/fixtures.js';
import { advise, type Case } from './advice.js';
import type { Judge } from './judge.js';
import type { Reconversion } from './reconversion/reconversion.js';

/** A conversion that agrees with the ANN on so many of a hundred images, by the factor on `scale` and T. */
function caseOf(
  agreement: (factor: number, timeSteps: number) => number,
  change: Partial<Case> = {},
): Case & { tried: string[] } {
  const { timeSteps = 4 } = change;
  const reconversion: Reconversion = {
    option: 'scale',
    values: [0.6, 0.7, 1.4],
    convert: (value, steps) =>
      Promise.resolve({ ...tinySnn, thresholds: { hidden: value ?? 1 }, timeSteps: steps }),
  };
  const judge: Judge = {
    images: 100,
    agreement: () => Promise.resolve(agreement(1, timeSteps) / 100),
    compare: (network, steps) => {
      const before = agreement(1, timeSteps) / 100;
      const after = agreement(network.thresholds['hidden']!, steps) / 100;
      return Promise.resolve({ before, after, rises: after > before, falls: after < before });
    },
  };
  const tried: string[] = [];
  return {
    network: { ...tinySnn, thresholds: { hidden: 1 }, timeSteps },
    timeSteps,
    reconversion,
    judge,
    poor: true,
    curve: { timeSteps: [timeSteps], accuracy: [0.5] },
    onTrial: (note) => void tried.push(note),
    tried,
    ...change,
  };
}

test('the change that agrees most is told, with both figures', async () => {
  const advice = await advise(caseOf((factor) => (factor === 0.7 ? 90 : factor === 0.6 ? 80 : 40)));
  expect(advice).toEqual({
    value: 0.7,
    timeSteps: 4,
    sentence:
      'Try `scale` times 0.7: it agrees with the ANN on 90 % of the images instead of 40 %.',
  });
});

test('no more is tried than it takes', async () => {
  const found = caseOf((factor) => (factor === 0.6 ? 100 : 40));
  await advise(found);
  expect(found.tried).toEqual(['`scale` times 0.6']);
});

test('where no change of the option helps, the first number of time-steps that does', async () => {
  const found = caseOf((factor, timeSteps) => (factor === 1 && timeSteps >= 16 ? 70 : 40));
  const advice = await advise(found);
  expect(advice).toMatchObject({ value: null, timeSteps: 16 });
  expect(advice.sentence).toBe(
    'No change of `scale` that was tried raises the agreement with the ANN. More time-steps help, try T = 16: ' +
      'it agrees with the ANN on 70 % of the images instead of 40 %.',
  );
});

test('a change that helps only with more time-steps is told with them', async () => {
  const advice = await advise(caseOf((factor, steps) => (factor === 0.6 && steps === 8 ? 90 : 40)));
  expect(advice).toMatchObject({ value: 0.6, timeSteps: 8 });
  expect(advice.sentence).toContain('try T = 8 with `scale` times 0.6: it agrees');
});

describe.each([
  [1, 64],
  [48, 96],
  [150, 300],
])('at T = %i', (timeSteps, longest) => {
  test(`nothing helps: that is told, up to T = ${longest}`, async () => {
    const advice = await advise(caseOf(() => 40, { timeSteps }));
    expect(advice).toMatchObject({ value: null, timeSteps });
    expect(advice.sentence).toContain(
      `Nor do more time-steps, up to T = ${longest}, by more than chance explains: it is 40 % on 100 images.`,
    );
  });
});

test('a network that was trained since is not converted anew', async () => {
  const found = caseOf((_, timeSteps) => Math.min(90, timeSteps), { reconversion: undefined });
  const advice = await advise(found);
  expect(advice).toMatchObject({ value: null, timeSteps: 8 });
  expect(advice.sentence).toMatch(/^The weights were trained since, .* try T = 8: it agrees/);
});

test('a conversion that fails is passed over', async () => {
  const found = caseOf(() => 40);
  const failing = { ...found.reconversion!, convert: () => Promise.resolve(undefined) };
  expect(await advise({ ...found, reconversion: failing })).toMatchObject({ value: null });
});

describe('a good conversion', () => {
  const curve = { timeSteps: [2, 4], accuracy: [0.9, 0.9] };

  test('fewer time-steps, where they give as much', async () => {
    const advice = await advise(caseOf(() => 90, { poor: false, curve }));
    expect(advice.timeSteps).toBe(2);
    expect(advice.sentence).toBe('T = 2 already gives the accuracy of T = 4 within 1 point.');
  });

  test('none, where a network for fewer agrees less with the ANN', async () => {
    const advice = await advise(caseOf((_, timeSteps) => 80 + timeSteps, { poor: false, curve }));
    expect(advice).toEqual({ value: null, timeSteps: 4, sentence: '' });
  });
});

test('whatever is advised, agreement does not fall', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.func(fc.integer({ min: 0, max: 100 })),
      fc.boolean(),
      fc.integer({ min: 1, max: 100 }),
      async (agreement, poor, timeSteps) => {
        const curve = { timeSteps: [1, timeSteps], accuracy: [0.5, 0.5] };
        const found = caseOf(agreement, { poor, timeSteps, curve });
        const { value, timeSteps: steps } = await advise(found);
        expect(agreement(value ?? 1, steps)).toBeGreaterThanOrEqual(agreement(1, timeSteps));
        if (value !== null) expect(steps).toBeGreaterThanOrEqual(timeSteps);
      },
    ),
  );
});
