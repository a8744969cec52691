import { expect, test } from 'vitest';

import type { Comparison } from '../compare.js';
import type { PaperEntry } from './entry.js';
import { paperMarkdown } from './paper-markdown.js';
import { paperPage } from './paper-page.js';

const empty: Comparison = {
  row: 'DC <b>',
  column: 'CIFAR-10',
  job: 'DC',
  value: 'accuracy.metrics.accuracy',
  format: 'percent',
  ours: null,
  interval: null,
  published: 0.828,
  source: 'AAAI 2022, Table 3',
  difference: null,
  setting: '',
};
const measured: Comparison = {
  ...empty,
  ours: 0.84,
  interval: [0.816, 0.861],
  difference: 0.012,
  setting: 'VGG16, T = 150',
};

const entry = { name: 'table3', title: 'Table 3', description: 'What it shows.', note: 'A note.' };
const entries: PaperEntry[] = [
  {
    ...entry,
    cells: [measured],
    runs: [
      {
        folder: 'table3-1',
        facts: ['profile desk', 'seed 1'],
        command: 'privatesnn paper table3',
        warnings: ['train: half of the images | are there.'],
        pages: ['report.html'],
        grids: [{ file: 'grid.png', png: Uint8Array.of(1, 2, 3) }],
      },
    ],
    reason: null,
  },
  { ...entry, name: 'table4', cells: [empty], runs: [], reason: 'no data <here>.' },
];

test('the page holds every cell, run and grid, and only links lead out of it', () => {
  const page = paperPage(entries);
  expect(page).toContain('1 of 2 were run.');
  expect(page).toContain('<p>What it shows.</p>');
  expect(page).toContain('<section id="table3"');
  expect(page).toMatch(/<span class="value">84\.0<\/span>\s*<span class="small">\[81\.6, 86\.1\]/);
  expect(page).toContain('<td data-title="Difference">+1.2</td>');
  expect(page).toContain('<td data-title="Our setting" class="text">VGG16, T = 150</td>');
  expect(page).toContain('privatesnn paper table3');
  expect(page).toContain('src="data:image/png;base64,AQID"');
  expect(page.match(/(?:src|href)="(?!data:|#)[^"]*"/g)).toEqual(['href="table3-1/report.html"']);
  expect(page).not.toMatch(/<script|<b>|<here>/);
});

test('what was not run has empty cells and its reason', () => {
  const section = paperPage(entries).split('<section id="table4"')[1]!;
  expect(section).toContain('Not run: no data &#60;here&#62;.');
  expect(section).toContain('<td data-title="Ours"></td>');
  expect(section).toContain('<td data-title="Published">82.8</td>');
  expect(section).toContain('<td data-title="Difference"></td>');
});

test('Markdown has the same; texts stand to the left, numbers to the right', () => {
  expect(paperMarkdown(entries)).toMatchInlineSnapshot(`
    "# PrivateSNN: the tables and figures of the paper

    1 of 2 were run. Accuracies are in per cent, brackets hold 95 % intervals, a difference is ours minus published. What was not run is empty.

    DC is the data-free conversion, CET the class encryption training, OD the on-device distillation; PrivateSNN is all three. T is the number of time-steps, α the factor on the balanced thresholds. Attack 1 turns the network back into an ANN, attack 2 follows gradients through its spikes; an image counts as recognised where the judge, an independent network, puts it in the class that was drawn. v1 is the first version of the paper (April 2021). Runs with the profile "paper" take the published numbers of images and epochs, those with "desk" fewer.

    ## Table 3

    What it shows.

    | Cell | Ours | Published | Difference | Our setting | Source |
    | --- | ---: | ---: | ---: | --- | --- |
    | DC &lt;b\\>, CIFAR-10 (%) | 84.0 \\[81.6, 86.1\\] | 82.8 | +1.2 | VGG16, T = 150 | AAAI 2022, Table 3 |

    A note.

    Run \`table3-1\`: profile desk, seed 1.

    \`\`\`sh
    privatesnn paper table3
    \`\`\`

    ![grid.png](table3-1/grid.png)
    [report.html](table3-1/report.html)

    Warnings:

    - train: half of the images \\| are there.

    ## Table 3

    What it shows.

    | Cell | Ours | Published | Difference | Our setting | Source |
    | --- | ---: | ---: | ---: | --- | --- |
    | DC &lt;b\\>, CIFAR-10 (%) |  | 82.8 |  |  | AAAI 2022, Table 3 |

    A note.

    Not run: no data &lt;here\\>.
    "
  `);
});

test('what failed after earlier runs shows them, and says so', () => {
  const failed = [{ ...entries[0]!, reason: 'no space left.' }];
  expect(paperMarkdown(failed)).toContain('The last try failed: no space left.\n\nRun `table3-1`:');
  const page = paperPage(failed);
  expect(page).toContain('The last try failed: no space left.');
  expect(page).toContain('<span class="key">table3-1</span>');
});
