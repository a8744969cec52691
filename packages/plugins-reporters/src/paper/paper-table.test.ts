import { expect, test } from 'vitest';

import { fakeRun } from '../testing/fake-run.js';
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
      published: 0.828,
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

    | Cell | Ours | Published | Difference | Our setting |
    | --- | ---: | ---: | ---: | ---: |
    | DC, CIFAR-10 (%) | 95.8 | 82.8 | +13.0 | VGG5 on MNIST, T = 100, 1,000 test images |
    | PrivateSNN, energy | 50.5× | 55.8× | −5.3× |  |
    | Han 2020, CIFAR-10 (%) |  | 91.4 |  |  |

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

test('a wrong path of a job that ran is an error', async () => {
  const cells = [{ row: 'a', column: 'b', job: 'DC', value: 'accuracy.metrics.acc' }];
  await expect(record(paperTable, { cells }, fakeRun())).rejects.toThrow(
    /accuracy\.metrics\.accuracy/,
  );
});
