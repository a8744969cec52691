import { expect, test } from 'vitest';

import { publishedFigures } from './published-figures.js';

/**
 * The main tables typed a second time, row by row as the paper prints them: name of the table, then a row's name
 * and its figure in the paper's unit.
 */
const secondList = `
aaai-table-2/cifar10        vgg16 91.6 | rueckauer-2017 90.9 | sengupta-2019 91.5 | han-2020 91.4
aaai-table-2/cifar10        zambrano-2019 89.7 | privatesnn 89.2
aaai-table-2/cifar100       vgg16 64.3 | sengupta-2019 62.7 | zambrano-2019 63.4 | privatesnn 62.3
aaai-table-2/tiny-imagenet  vgg16 51.9 | sengupta-2019 50.6 | privatesnn 50.7
aaai-table-3                dc 82.8 | dc+cet 86.9 | dc+cet+od 89.2
aaai-table-3-samples        dc+cet 5,000 | dc+cet+od 5,000
aaai-table-4                attack-1/without 354.8 | attack-1/with 448.2
aaai-table-4                attack-2/without 447.9 | attack-2/with 422.4
aaai-table-5-accuracy       vgg16 91.5 | sengupta-2019 91.2 | han-2020 91.4 | privatesnn 89.2
aaai-table-5-energy         sengupta-2019 27.9 | han-2020 53.9 | privatesnn 55.8
aaai-figure-5a              T=150 82.8
v1-table-1                  cifar10/privatesnn 91.2 | cifar100/privatesnn 62.3
v1-table-1                  tiny-imagenet/privatesnn 46.2
v1-table-2/cifar10          before 68.2 | after 91.2
v1-table-2/cifar100         before 54.7 | after 62.3
v1-table-2/tiny-imagenet    before 42.9 | after 46.2
v1-table-4-accuracy         privatesnn 91.2
v1-table-4-energy           privatesnn 59.3
v1-figure-4                 T=100 68.2
`;

const notInPercent = ['aaai-table-3-samples', 'aaai-table-4', 'energy'];

test('the transcription agrees with one that was typed apart from it', () => {
  const second = secondList
    .trim()
    .split('\n')
    .flatMap((line) => {
      const table = line.split(/\s+/, 1)[0]!;
      const row = line.slice(table.length);
      return row.split('|').map((cell) => {
        const [name, printed] = cell.trim().split(' ') as [string, string];
        const percent = !notInPercent.some((part) => table.includes(part));
        const value = Number(printed.replace(',', '') + (percent ? 'e-2' : ''));
        return [`${table}/${name}`, value] as const;
      });
    });
  expect(Object.fromEntries(second)).toEqual(
    Object.fromEntries(Object.entries(publishedFigures).map(([name, { value }]) => [name, value])),
  );
});

test('every figure names version and place', () => {
  for (const { source } of Object.values(publishedFigures)) {
    expect(source).toMatch(/^(AAAI 2022|v1), (Table|text on Fig\.) \d/);
  }
});
