import fc from 'fast-check';
import { expect, test } from 'vitest';

import type { RunEvent, RunNews } from '../contracts/event.js';
import type { ProfileRow } from '../contracts/profile.js';
import { observeProfile, type RunProfile } from './profile.js';
import { createProfileRows, summed } from './profile-rows.js';
import { profileMarkdown, profileText } from './profile-table.js';

const amount = fc.integer({ min: 0, max: 1e6 });
const counted = fc.option(amount, { nil: undefined });
const row = (
  part: fc.Arbitrary<string> = fc.constantFrom('conv1', 'conv2', 'fc'),
): fc.Arbitrary<ProfileRow> =>
  fc
    .record({
      ...{ part, pass: fc.constantFrom('forward', 'back') },
      ...{ seconds: amount, elapsed: amount, calls: amount },
      ...{ operations: counted, bytes: counted, bound: counted },
    })
    .map((each) => JSON.parse(JSON.stringify(each)) as ProfileRow);

const total = (rows: readonly ProfileRow[], name: keyof ProfileRow) =>
  rows.reduce((sum, each) => sum + Number(each[name] ?? 0), 0);

test('rows of the same part and pass become one, and nothing is lost', () => {
  fc.assert(
    fc.property(fc.array(row()), (rows) => {
      const few = summed(rows);
      expect(new Set(few.map(({ part, pass }) => `${part} ${pass}`)).size).toBe(few.length);
      for (const name of ['seconds', 'elapsed', 'calls', 'operations', 'bytes', 'bound'] as const) {
        expect(total(few, name)).toBe(total(rows, name));
      }
      const isCounted = (each: ProfileRow) => each.bytes !== undefined;
      expect(few.some(isCounted)).toBe(rows.some(isCounted));
    }),
  );
});

test('what was taken is not taken again', () => {
  const rows = createProfileRows();
  const one = { part: 'conv1', pass: 'back', seconds: 1, elapsed: 1, calls: 1 };
  rows.add(one);
  expect(rows.take()).toEqual([one]);
  expect(rows.take()).toEqual([]);
});

const ref = (index: number, stage = `stage${index}`) => ({
  ...{ node: `n${index}`, stage, use: 'use', jobs: ['one'], index, count: 9 },
});
const observed = (...events: readonly (readonly [seconds: number, RunNews])[]): RunProfile => {
  const { observe, profile } = observeProfile();
  for (const [seconds, news] of events) {
    observe({ time: new Date(seconds * 1000).toISOString(), ...news } as RunEvent);
  }
  return profile();
};
const finished = (index: number, cached = false, seconds = 0): RunNews => ({
  ...{ type: 'stage-finished', ...ref(index), cached, seconds, key: 'k', outputs: {} },
});
const started = (index: number): RunNews => ({ type: 'stage-started', ...ref(index) });
const profileOf = (index: number, seconds: number, rows: readonly ProfileRow[] = []): RunNews => ({
  ...{ type: 'profile', ...ref(index), seconds, rows },
});
const failed = (index: number): RunNews => ({
  ...{ type: 'stage-failed', ...ref(index), status: 'crashed', message: 'no' },
  ...{ stack: undefined, lastLines: [] },
});
const conv = { part: 'conv1', pass: 'forward', seconds: 4, elapsed: 2, calls: 3 };
const fc1 = { part: 'fc1', pass: 'forward', seconds: 6, elapsed: 3, calls: 3 };

test('what services do not account for is the row "other", the last one', () => {
  const { stages } = observed(
    [0, started(1)],
    [9, profileOf(1, 9, [conv, fc1])],
    [9, finished(1, false, 9)],
  );
  const other = { part: 'other', pass: '', seconds: 4, elapsed: 4, calls: 1 };
  expect(stages).toMatchObject([{ status: 'computed', seconds: 9, rows: [fc1, conv, other] }]);
});

test('a stage from the cache says so and has no rows; stages come in the order of the plan', () => {
  const { stages } = observed([0, finished(2, true)], [1, finished(1, true)]);
  expect(stages).toMatchObject([
    { stage: 'stage1', status: 'cached', seconds: 0, rows: [] },
    { stage: 'stage2', status: 'cached', seconds: 0, rows: [] },
  ]);
});

test('tries that fail count; of one whose process is gone the time is known', () => {
  const { stages } = observed(
    [0, started(1)],
    [2, profileOf(1, 2, [conv])],
    [2, { type: 'stage-retried', ...ref(1), attempt: 1, message: 'no' }],
    [2, started(1)],
    [7, failed(1)],
  );
  expect(stages).toMatchObject([{ status: 'failed', seconds: 7 }]);
  expect(stages[0]!.rows.map(({ part, elapsed }) => [part, elapsed])).toEqual([
    ['conv1', 2],
    ['other', 5],
  ]);
});

test('a stage that neither finished nor failed was interrupted', () => {
  const { stages } = observed([0, started(1)], [3, profileOf(1, 3, [conv])]);
  expect(stages).toMatchObject([{ status: 'interrupted', seconds: 3 }]);
});

const example: RunProfile = {
  format: 1,
  jobs: 2,
  stages: [
    { stage: 'ann', use: 'pretrained', jobs: ['a', 'b'], status: 'cached', seconds: 0, rows: [] },
    {
      ...{ stage: 'encrypt', use: 'stbp', jobs: ['a'], status: 'failed', seconds: 12.34 },
      rows: [
        {
          ...{ part: 'conv2', pass: 'back', seconds: 12, elapsed: 6, calls: 100 },
          ...{ operations: 4.5e10, bytes: 1.8e11, bound: 3 },
        },
        ...Array.from({ length: 13 }, (_, i) => ({
          ...{ part: `fc${i}`, pass: 'forward', seconds: 0.5, elapsed: 0.25, calls: 1 },
          ...{ operations: 999 },
        })),
        { part: 'other', pass: '', seconds: 3.09, elapsed: 3.09, calls: 1 },
      ],
    },
    { stage: 'table', use: 'table', jobs: ['a', 'b'], status: 'computed', seconds: 0.01, rows: [] },
  ],
};

test('the terminal gets the largest rows of each stage, the others as one', () => {
  expect(profileText(example)).toMatchInlineSnapshot(`
    "  where the time went                     thread s  time     ops    bytes bound
    a · encrypt (stbp)  12.3 s, failed
      conv2                  back                 12.0  49 %  45.0 G   180 GB  25 %
      fc0                    forward              0.50   2 %    999
      fc1                    forward              0.50   2 %    999
      fc2                    forward              0.50   2 %    999
      fc3                    forward              0.50   2 %    999
      fc4                    forward              0.50   2 %    999
      fc5                    forward              0.50   2 %    999
      fc6                    forward              0.50   2 %    999
      fc7                    forward              0.50   2 %    999
      fc8                    forward              0.50   2 %    999
      fc9                    forward              0.50   2 %    999
      fc10                   forward              0.50   2 %    999
      2 smaller ones                              1.00   4 %  2.00 k
      other                                       3.09  25 %
    table  0.01 s
    1 stage from the cache
    "
  `);
});

test('profile.md has them all', () => {
  const text = profileMarkdown(example);
  expect(text.match(/^\| fc\d+ \| forward/gm)).toHaveLength(13);
  expect(text).toContain('## a · encrypt (stbp)\n\n12.3 s, failed\n');
  expect(text).toContain('| conv2 | back | 100 | 12.0 | 49 % | 45.0 G | 180 GB | 25 % |');
  expect(text).toContain('## ann (pretrained)\n\nFrom the cache.\n');
});

test('no line is wider than 80 columns, and names cannot make lines or cells', () => {
  const name = fc.string({ unit: 'grapheme', maxLength: 90 });
  fc.assert(
    fc.property(fc.array(row(name), { minLength: 1, maxLength: 20 }), name, (rows, stage) => {
      const other = { part: 'other', pass: '', seconds: 1, elapsed: 1, calls: 1 };
      const likely = rows.map((each) => ({
        ...each,
        seconds: each.elapsed + 1,
        bound: each.elapsed,
      }));
      const seconds = 1 + total(likely, 'elapsed');
      const one = { ...example.stages[1]!, stage, seconds, rows: [...likely, other] };
      const lines = profileText({ ...example, stages: [one] }).split('\n');
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
      expect(lines.length).toBeLessThanOrEqual(1 + 1 + 12 + 1 + 1 + 1);
      for (const line of profileMarkdown({ ...example, stages: [one] }).split('\n')) {
        if (line.startsWith('| ')) expect(line.match(/(?<!\\)(\\\\)*\|/g)).toHaveLength(9);
      }
    }),
  );
});
