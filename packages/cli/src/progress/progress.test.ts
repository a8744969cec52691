import type { RunNews, StageRef } from '@privatesnn/core';
import { expect, onTestFinished, test, vi } from 'vitest';

import { createProgress } from './progress.js';

const ref: StageRef = {
  node: 'n',
  stage: 'train',
  use: 'stbp',
  jobs: ['DC + CET'],
  index: 3,
  count: 9,
};

/** What is written for events that happen at the given seconds. */
function written(
  events: readonly (readonly [number, RunNews])[],
  { live = false, quiet = false } = {},
): string {
  let text = '';
  let time = 0;
  const progress = createProgress({
    write: (part) => (text += part),
    terminal: { columns: 80, colour: false, live },
    quiet,
    jobs: 2,
    now: () => time,
  });
  for (const [seconds, event] of events) {
    time = seconds * 1000;
    progress.onEvent(event);
  }
  progress.stop();
  return text;
}

const step = (done: number): RunNews => ({
  type: 'stage-progress',
  ...ref,
  done,
  total: 100,
  note: `loss ${done}`,
});
const finished = (cached: boolean): RunNews => ({
  type: 'stage-finished',
  ...ref,
  cached,
  seconds: cached ? 0 : 50,
  key: 'k',
  outputs: {},
});
const stage: (readonly [number, RunNews])[] = [
  [0, finished(true)],
  [0, finished(true)],
  [0, { type: 'stage-started', ...ref }],
  ...Array.from({ length: 50 }, (_, i) => [i, step(i)] as const),
  [49, { type: 'warning', ...ref, message: 'A batch brought no gradient.' }],
  [50, finished(false)],
];

test('without a terminal: one line when a stage ends, and before at most one every ten seconds', () => {
  expect(written(stage)).toMatchInlineSnapshot(`
    "2 stages from the cache
    [3/9] DC + CET · train (stbp)   5 %  1 min 35 s left  loss 5
    [3/9] DC + CET · train (stbp)  15 %  1 min 25 s left  loss 15
    [3/9] DC + CET · train (stbp)  25 %  1 min 15 s left  loss 25
    [3/9] DC + CET · train (stbp)  35 %  1 min 05 s left  loss 35
    [3/9] DC + CET · train (stbp)  45 %  55 s left  loss 45
    ! DC + CET · train: A batch brought no gradient.
    [3/9] DC + CET · train (stbp)                                               50 s
    "
  `);
});

test('on a terminal one line is drawn over, and nothing is wider than the terminal', () => {
  const text = written(stage, { live: true });
  const lines = text.split(/\n|\r\u001b\[2K/);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(text.split('\n')).toHaveLength(4);
  expect(lines).toContain(
    '[3/9] DC + CET · train (stbp) ████░░░░░░  40 %  1 min 00 s left  loss 40',
  );
});

const quick: (readonly [number, RunNews])[] = [
  [0, { type: 'stage-started', ...ref }],
  [0.1, { type: 'info', ...ref, message: 'A thousand images from the embedded subset.' }],
  [0.2, step(1)],
  [0.3, { ...finished(false), seconds: 0.3 } as RunNews],
];

test('a quick stage leaves one line without a terminal, and beneath it what it told', () => {
  expect(written(quick)).toMatchInlineSnapshot(`
    "[3/9] DC + CET · train (stbp)                                              0.3 s
          A thousand images from the embedded subset.
    "
  `);
});

test('what a stage told is shown where it fails', () => {
  const failed: RunNews = {
    type: 'stage-failed',
    ...ref,
    status: 'failed',
    message: 'no',
    stack: undefined,
    lastLines: [],
  };
  expect(written([...quick.slice(0, 2), [1, failed]])).toContain('A thousand images');
});

test('a stage that takes long is announced, even where it tells nothing', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  let text = '';
  const progress = createProgress({
    write: (part) => (text += part),
    terminal: { columns: 80, colour: false, live: false },
    quiet: false,
    jobs: 2,
  });
  progress.onEvent({ type: 'stage-started', ...ref });
  vi.advanceTimersByTime(4999);
  expect(text).toBe('');
  vi.advanceTimersByTime(1);
  expect(text).toBe('[3/9] DC + CET · train (stbp) …\n');
  progress.stop();
});

test('quiet shows warnings only', () => {
  expect(written(stage, { quiet: true })).toBe(
    '! DC + CET · train: A batch brought no gradient.\n',
  );
});

test('a warning that several jobs bring is told once, with the first of them', () => {
  const warning = (job: string, message: string): RunNews => ({
    ...{ type: 'warning', ...ref, jobs: [job], message },
  });
  const events = [warning('DC', 'same'), warning('DC + CET', 'same'), warning('DC', 'other')];
  expect(written(events.map((event, i) => [i, event]))).toBe(
    '! DC · train: same\n! DC · train: other\n',
  );
});

test.each([true, false])(
  'texts of plugins and names cannot steer the terminal (live: %s)',
  (live) => {
    const evil = '\u001b[2J\u009b31m\u202e\n\r✓ [9/9] fake';
    const at = { ...ref, stage: evil, use: evil, jobs: [evil] };
    const text = written(
      [
        [0, { type: 'stage-started', ...at }],
        [6, { type: 'stage-progress', ...at, done: 1, total: 2, note: evil }],
        [7, { type: 'warning', ...at, message: `${evil} ${'x'.repeat(5_000_000)}` }],
        [8, { type: 'info', ...at, message: evil }],
        [9, { type: 'stage-finished', ...at, cached: false, seconds: 9, key: 'k', outputs: {} }],
      ],
      { live },
    );
    const own = text.replaceAll('\r\u001b[2K', '');
    expect(own).not.toMatch(/[^\P{Cc}\n]|\p{Bidi_Control}/u);
    expect(own.length).toBeLessThan(20_000);
    for (const line of own.split('\n')) expect(line).not.toMatch(/^✓? ?\[9\/9\] fake/);
  },
);
