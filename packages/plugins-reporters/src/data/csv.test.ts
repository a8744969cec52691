import fc from 'fast-check';
import { expect, test } from 'vitest';

import { fakeRun, tooFew } from '../testing/fake-run.js';
import { record } from '../testing/recorder.js';
import { csvText } from './csv-text.js';
import { csv } from './csv.js';

/** A reader of RFC 4180, written from its grammar. */
function parseCsv(text: string): string[][] {
  const records: string[][] = [];
  let at = 0;
  while (at < text.length) {
    const record: string[] = [];
    for (;;) {
      let cell = '';
      if (text[at] === '"') {
        for (at++; ; at++) {
          if (text[at] !== '"') cell += text[at];
          else if (text[at + 1] === '"') cell += text[at++];
          else break;
        }
        at++;
      } else {
        while (at < text.length && text[at] !== ',' && text[at] !== '\r') cell += text[at++];
      }
      record.push(cell);
      if (text[at] !== ',') break;
      at++;
    }
    expect(text.slice(at, at + 2)).toBe('\r\n');
    at += 2;
    records.push(record);
  }
  return records;
}

test('what is written is read back', () => {
  const cell = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('"', ',', '\r\n', '\n', ' a ', '""', 'a"b,c\r'),
    fc.double({ noNaN: true }),
    fc.constant(null),
  );
  const table = fc
    .integer({ min: 1, max: 5 })
    .chain((n) =>
      fc.tuple(
        fc.array(fc.string(), { minLength: n, maxLength: n }),
        fc.array(fc.array(cell, { minLength: n, maxLength: n })),
      ),
    );
  fc.assert(
    fc.property(table, ([header, records]) => {
      const expected = [header, ...records].map((record) =>
        record.map((value) => (value === null ? '' : String(value))),
      );
      const read = parseCsv(csvText(header, records));
      // Only what a spreadsheet would compute is marked as text.
      const unmarked = read.map((record, line) =>
        record.map((text, at) => {
          const given = expected[line]![at]!;
          return text === `'${given}` && /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/.test(given) ? given : text;
        }),
      );
      expect(unmarked).toEqual(expected);
    }),
  );
});

test.each([
  ['=1+1', "'=1+1"],
  ['+cmd|x!A0', "'+cmd|x!A0"],
  ['-1+1', "'-1+1"],
  ['@SUM(A1)', "'@SUM(A1)"],
  [' =1', "' =1"],
  ['\t=1', "'\t=1"],
  ['\r=1', "'\r=1"],
  ['-5', '-5'],
  ['a=b', 'a=b'],
  [-0.5, '-0.5'],
  [1e30, '1e+30'],
])('%j is no formula for a spreadsheet', (cell, text) => {
  expect(parseCsv(csvText(['x'], [[cell]]))).toEqual([['x'], [text]]);
});

test('a run gives a line for each scalar and for each point', async () => {
  const { text } = await record(csv, {}, fakeRun());
  const [head, ...lines] = parseCsv(text('results.csv'));
  expect(head).toEqual([
    'job',
    'axis.method',
    'axis.seed',
    'stage',
    'output',
    'name',
    'value',
    'reason',
  ]);
  expect(lines).toContainEqual(['DC', 'DC', '7', 'accuracy', 'metrics', 'accuracy', '0.958', '']);
  expect(lines).toContainEqual(['DC', 'DC', '7', 'attack2-score', 'metrics', 'kid', '', tooFew]);

  const points = parseCsv(text('series.csv'));
  const curve = points.filter(([job, , , , output]) => job === 'DC' && output === 'curve');
  expect(curve).toHaveLength(8);
  expect(curve[0]!.slice(5, 10)).toEqual([
    'Accuracy against time-steps',
    'accuracy',
    'Time-steps T',
    '5',
    'Accuracy',
  ]);
});
