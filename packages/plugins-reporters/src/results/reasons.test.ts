import { expect, test } from 'vitest';

import { csv } from '../data/csv.js';
import { json } from '../data/json.js';
import { htmlReporter } from '../html/html.js';
import { paperTable } from '../paper/paper-table.js';
import { table } from '../table/table.js';
import { fakeRun, tooFew } from '../testing/fake-run.js';
import { record } from '../testing/recorder.js';

const value = 'attack2-score.metrics.kid';

test('an empty value says why in every report, and nowhere as a number', async () => {
  const columns = [{ title: 'KID', value, format: 'number' as const }];
  const recorded = [
    await record(table, { columns }, fakeRun()),
    await record(csv, {}, fakeRun()),
    await record(json, {}, fakeRun()),
    await record(htmlReporter, { table: { columns } }, fakeRun()),
    await record(
      paperTable,
      { cells: [{ row: 'DC', column: 'KID', job: 'DC', value, published: 0.5 }] },
      fakeRun(),
    ),
  ];
  for (const { files, text } of recorded) {
    const texts = [...files.keys()].filter((file) => !file.startsWith('series')).map(text);
    expect(texts.length).toBeGreaterThan(0);
    for (const content of texts) expect(content.replace(/\s+/g, ' ')).toContain(tooFew);
  }
  const file = [...recorded[0]!.files.keys()].find((path) => path.endsWith('.md'))!;
  const markdown = recorded[0]!.text(file);
  expect(markdown).toContain('| DC |  |');
  expect(markdown).toContain(
    `Empty (KID of DC, KID of DC + CET, KID of DC + CET + OD): ${tooFew}.`,
  );
});
