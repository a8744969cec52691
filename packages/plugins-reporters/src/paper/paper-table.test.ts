import { expect, test } from 'vitest';

import { fakeRun, scalars, stage } from '../testing/fake-run.js';
import { record } from '../testing/recorder.js';
import { paperTable } from './paper-table.js';

const example = {
  title: 'Table 3: ablation',
  cells: [
    {
      row: 'DC',
      column: 'CIFAR-10',
      job: 'DC',
      value: 'accuracy.metrics.accuracy',
      figure: 'aaai-table-3/dc',
      setting: 'VGG5 on MNIST, T = 100, 1,000 test images',
    },
    {
      row: 'PrivateSNN',
      column: 'energy',
      job: 'DC + CET + OD',
      value: 'energy.metrics.integerRatio',
      format: 'times',
      published: 55.8,
    },
    {
      row: 'Han 2020',
      column: 'CIFAR-10',
      job: 'RMP',
      value: 'other.metrics.accuracy',
      published: 0.914,
    },
  ],
  note: 'Other data than published.',
};

test('ours, published, difference; a cell that was not run is empty', async () => {
  const { printed, text } = await record(paperTable, example, fakeRun());
  expect(printed).toMatchInlineSnapshot(`
    "Table 3: ablation
    --------------------------------------------------------------------------------
    Cell                                                 Ours  Published  Difference
    --------------------------------------------------------------------------------
    DC, CIFAR-10 (%)                                     95.8       82.8       +13.0
      VGG5 on MNIST, T = 100, 1,000 test images
    PrivateSNN, energy                                  50.5x      55.8x       -5.3x
    Han 2020, CIFAR-10 (%)                                          91.4
    --------------------------------------------------------------------------------
    Other data than published.
    "
  `);
  expect(text('paper-table.txt')).toContain('Han 2020');
  expect(text('paper-table.md')).toMatchInlineSnapshot(`
    "## Table 3: ablation

    | Cell | Ours | Published | Difference | Our setting | Source |
    | --- | ---: | ---: | ---: | --- | --- |
    | DC, CIFAR-10 (%) | 95.8 | 82.8 | +13.0 | VGG5 on MNIST, T = 100, 1,000 test images | AAAI 2022, Table 3 |
    | PrivateSNN, energy | 50.5× | 55.8× | −5.3× |  |  |
    | Han 2020, CIFAR-10 (%) |  | 91.4 |  |  |  |

    Other data than published.
    "
  `);
});

test('the JSON file holds the numbers', async () => {
  const { text } = await record(paperTable, example, fakeRun());
  const { cells } = JSON.parse(text('paper-table.json'));
  expect(cells[0]).toMatchObject({ ours: 0.958, published: 0.828 });
  expect(cells[0].difference).toBeCloseTo(0.13);
  expect(cells[2]).toMatchObject({ ours: null, difference: null, published: 0.914 });
});

test('neighbours of one setting share its lines', async () => {
  const [dc] = example.cells;
  const cells = [dc, { ...dc, column: 'again' }, { ...dc, setting: 'another' }];
  const { text } = await record(paperTable, { cells }, fakeRun());
  expect(text('paper-table.txt').match(/^ {2}.*$/gm)).toEqual([`  ${dc!.setting}`, '  another']);
  expect(text('paper-table.md').match(/VGG5 on MNIST/g)).toHaveLength(2);
});

test('a wrong path of a job that ran is an error', async () => {
  const cells = [{ row: 'a', column: 'b', job: 'DC', value: 'accuracy.metrics.acc' }];
  await expect(record(paperTable, { cells }, fakeRun())).rejects.toThrow(
    /accuracy\.metrics\.accuracy/,
  );
});

test('settings hold what was run, values their intervals, figures their source', async () => {
  const cell = {
    row: 'PrivateSNN',
    column: 'CIFAR-10',
    job: 'DC + CET + OD',
    value: 'accuracy.metrics.accuracy',
    interval: ['accuracy.metrics.wilsonLow', 'accuracy.metrics.wilsonHigh'],
    figure: 'aaai-table-3/dc+cet+od',
    setting: '{accuracy.metrics.images} images, {attack2-score.metrics.kid}',
  };
  const absent = { ...cell, job: 'not run' };
  const { text } = await record(paperTable, { cells: [cell, absent] }, fakeRun());
  const { cells } = JSON.parse(text('paper-table.json'));
  const [low, high] = cells[0].interval;
  expect(low).toBeLessThan(cells[0].ours);
  expect(high).toBeGreaterThan(cells[0].ours);
  expect(cells[0]).toMatchObject({
    published: 0.892,
    source: 'AAAI 2022, Table 3',
    setting: '1,000 images, ?',
  });
  expect(cells[1]).toMatchObject({ published: 0.892, ours: null, interval: null, setting: '' });
});

test('an interval that the stage left out is told as few images', async () => {
  const run = fakeRun();
  const jobs = run.jobs.map((job) => ({
    ...job,
    stages: {
      ...job.stages,
      fid: stage('metric', 'fid', { metrics: scalars({ fid: 1.5, fidLow: null, fidHigh: null }) }),
    },
  }));
  const [value, ...interval] = ['fid', 'fidLow', 'fidHigh'].map((key) => `fid.metrics.${key}`);
  const cells = [{ row: 'a', column: 'b', job: 'DC', value, interval, format: 'number' }];
  const { text } = await record(paperTable, { cells }, { ...run, jobs });
  expect(text('paper-table.md')).toContain('1.50 \\[few images\\]');
  expect(JSON.parse(text('paper-table.json')).cells[0]).toMatchObject({ interval: 'few images' });
});

test('a figure has a name of the list, and no number beside it', () => {
  const cell = { row: 'a', column: 'b', job: 'DC', value: 'accuracy.metrics.accuracy' };
  const parse = (more: object) => paperTable.options.safeParse({ cells: [{ ...cell, ...more }] });
  expect(parse({ figure: 'aaai-table-3/dc' }).success).toBe(true);
  expect(parse({ figure: 'aaai-table-3/cd' }).success).toBe(false);
  expect(parse({ figure: 'aaai-table-3/dc', published: 0.8 }).success).toBe(false);
});
