import type { RunEvent, StageRef } from '@privatesnn/core';
import { expect, test } from 'vitest';

import { createProgress } from './progress.js';

const ref: StageRef = { stage: 'train', use: 'stbp', jobs: ['DC + CET'], index: 3, count: 9 };

/** What is written for events that happen at the given seconds. */
function written(
  events: readonly (readonly [number, RunEvent])[],
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

const step = (done: number): RunEvent => ({
  type: 'stage-progress',
  ...ref,
  done,
  total: 100,
  note: `loss ${done}`,
});
const finished = (cached: boolean): RunEvent => ({
  type: 'stage-finished',
  ...ref,
  cached,
  seconds: cached ? 0 : 50,
  key: 'k',
  outputs: {},
});
const stage: (readonly [number, RunEvent])[] = [
  [0, finished(true)],
  [0, finished(true)],
  [0, { type: 'stage-started', ...ref }],
  ...Array.from({ length: 50 }, (_, i) => [i, step(i)] as const),
  [49, { type: 'warning', ...ref, message: 'A batch brought no gradient.' }],
  [50, finished(false)],
];

test('without a terminal: a line at start and end, and at most one every ten seconds', () => {
  expect(written(stage)).toMatchInlineSnapshot(`
    "- 2 stages from the cache
    - [3/9] DC + CET · train (stbp)
      [3/9] DC + CET · train (stbp)  10 %  1 min 30 s left  loss 10
      [3/9] DC + CET · train (stbp)  20 %  1 min 20 s left  loss 20
      [3/9] DC + CET · train (stbp)  30 %  1 min 10 s left  loss 30
      [3/9] DC + CET · train (stbp)  40 %  1 min 00 s left  loss 40
    ! train: A batch brought no gradient.
    - [3/9] DC + CET · train (stbp)  50 s
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

test('quiet shows warnings only', () => {
  expect(written(stage, { quiet: true })).toBe('! train: A batch brought no gradient.\n');
});
