import type { Comparison } from '@privatesnn/plugins-reporters';
import { expect, test } from 'vitest';

import { joinRuns } from './join.js';
import type { ItemRun } from './results.js';

const cell = (row: string, ours: number | null = null): Comparison => ({
  ...{
    row: `row ${row}`,
    column: 'accuracy',
    job: row,
    value: 'accuracy.metrics.accuracy',
    format: 'percent',
  },
  ...{ ours, interval: null, published: null, source: null, difference: null },
  setting: ours === null ? '' : 'T = 1',
});
const run = (profile: string | null, ...cells: Comparison[]): ItemRun => ({
  folder: `runs/${profile}`,
  manifest: { profile } as ItemRun['manifest'],
  cells,
  files: [],
});
const item = { empty: [cell('a'), cell('b'), cell('c')] };

test('a cell comes from the first run that measured it, and says from which', () => {
  const paper = run('paper', cell('a', 1), cell('b'));
  const desk = run('desk', cell('a', 2), cell('b', 3));
  const none = run(null, cell('a', 4), cell('c', 5));
  const { cells, runs } = joinRuns(item, [paper, desk, none]);
  expect(cells.map(({ ours, setting }) => [ours, setting])).toEqual([
    [1, 'T = 1; profile paper'],
    [3, 'T = 1; profile desk'],
    [5, 'T = 1; no profile'],
  ]);
  expect(cells.map((one) => one.run)).toEqual([paper, desk, none]);
  expect(runs).toEqual([paper, desk, none]);
});

test('runs without a part are left out; what no run has is empty', () => {
  const paper = run('paper', cell('a', 1), cell('b', 2), cell('gone', 9));
  const { cells, runs } = joinRuns(item, [paper, run('desk', cell('a', 3), cell('b', 4))]);
  expect(runs).toEqual([paper]);
  expect(cells.map(({ ours, setting }) => [ours, setting])).toEqual([
    [1, 'T = 1'],
    [2, 'T = 1'],
    [null, ''],
  ]);
});

test('a run without any value is still shown; without runs all is empty', () => {
  const silent = run('desk', cell('a'));
  expect(joinRuns(item, [silent]).runs).toEqual([silent]);
  expect(joinRuns(item, []).runs).toEqual([]);
});

test('names and published figures are those of the file, as it is now', () => {
  const before = { ...cell('a', 0.75), row: 'called otherwise', published: 0.1, difference: 0.65 };
  const now = { empty: [{ ...cell('a'), published: 0.5 }] };
  expect(joinRuns(now, [run('desk', before)]).cells[0]).toMatchObject({
    ...{ row: 'row a', ours: 0.75, published: 0.5, difference: 0.25 },
  });
});
