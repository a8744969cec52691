import { UserError, type RunReport } from '@privatesnn/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { fakeManifest, fakeRun, scalars, stage, tableExample } from '../testing/fake-run.js';
import { record } from '../testing/recorder.js';
import { displayWidth } from '../text.js';
import { table } from './table.js';

const widestLine = (text: string) =>
  Math.max(...text.split('\n').map((line) => displayWidth(line.replace(/\u001b\[\d+m/g, ''))));

function runOf(jobs: Record<string, Record<string, number | null>>): RunReport {
  return {
    name: 'small',
    title: '',
    description: '',
    manifest: fakeManifest,
    jobs: Object.entries(jobs).map(([name, values]) => ({
      name,
      axes: {},
      stages: { accuracy: stage('metric', 'accuracy', { metrics: scalars(values) }) },
    })),
  };
}

const accuracy = { title: 'Accuracy', value: 'accuracy.metrics.accuracy', format: 'percent' };

describe('the table of the quickstart', () => {
  test('in ASCII at 80 columns', async () => {
    const { printed, text } = await record(table, tableExample, fakeRun());
    expect(printed).toMatchInlineSnapshot(`
      "From a trained ANN to a private spiking network, on MNIST
      -------------------------------------------------------------------------------
                                                  Class
                                          Data  leakage
      Method             Accuracy (%)  leakage      (%)        Samples   Energy ratio
      -------------------------------------------------------------------------------
      ANN            98.9 [97.7-99.8]       no     93.0              0
                         (paper 91.6)
      DC             95.8 [94.6-96.7]       no     91.0          2,000          42.3x
                         (paper 82.8)
      DC + CET       97.2 [96.0-98.1]       no     24.0          2,000          46.4x
                         (paper 86.9)                    (paper 5,000)
      DC + CET + OD  98.1 [96.9-99.0]       no     18.0          2,000          50.5x
                         (paper 89.2)                    (paper 5,000)  (paper 55.8x)
      -------------------------------------------------------------------------------
      Figures of the paper (AAAI 2022, Table 3) are of VGG16 on CIFAR-10 at T = 150:
      other data, another network.
      "
    `);
    expect(text('table.txt')).toBe(printed);
    expect(widestLine(printed)).toBeLessThanOrEqual(80);
    expect(printed).toMatch(/^[ -~\n]*$/);
  });

  test('in colour on a wide terminal', async () => {
    const { printed } = await record(table, tableExample, fakeRun(), {
      columns: 120,
      colour: true,
    });
    expect(printed.replaceAll('\u001b', '^')).toMatchInlineSnapshot(`
      "^[1mFrom a trained ANN to a private spiking network, on MNIST^[22m
      ────────────────────────────────────────────────────────────────────────────────────────────────────────
                                                               ^[1mClass^[22m
                                                       ^[1mData^[22m  ^[1mleakage^[22m
      ^[1mMethod^[22m                          ^[1mAccuracy (%)^[22m  ^[1mleakage^[22m      ^[1m(%)^[22m              ^[1mSamples^[22m         ^[1mEnergy ratio^[22m
      ────────────────────────────────────────────────────────────────────────────────────────────────────────
      ANN            ^[1m98.9^[22m ^[2m[97.7–99.8]^[22m ^[2m(paper 91.6)^[22m       no     93.0                    0
      DC             95.8 ^[2m[94.6–96.7]^[22m ^[2m(paper 82.8)^[22m       no     91.0                2,000                42.3×
      DC + CET       97.2 ^[2m[96.0–98.1]^[22m ^[2m(paper 86.9)^[22m       no     24.0  2,000 ^[2m(paper 5,000)^[22m                46.4×
      DC + CET + OD  98.1 ^[2m[96.9–99.0]^[22m ^[2m(paper 89.2)^[22m       no     ^[1m18.0^[22m  2,000 ^[2m(paper 5,000)^[22m  50.5× ^[2m(paper 55.8×)^[22m
      ────────────────────────────────────────────────────────────────────────────────────────────────────────
      ^[2mFigures of the paper (AAAI 2022, Table 3) are of VGG16 on CIFAR-10 at T = 150: other data, another network.^[22m
      "
    `);
  });

  test('as Markdown', async () => {
    const { text } = await record(table, tableExample, fakeRun());
    expect(text('table.md')).toMatchInlineSnapshot(`
      "## From a trained ANN to a private spiking network, on MNIST

      | Method | Accuracy (%) | Data leakage | Class leakage (%) | Samples | Energy ratio |
      | --- | ---: | ---: | ---: | ---: | ---: |
      | ANN | **98.9** [97.7–99.8] (paper 91.6) | no | 93.0 | 0 |  |
      | DC | 95.8 [94.6–96.7] (paper 82.8) | no | 91.0 | 2,000 | 42.3× |
      | DC + CET | 97.2 [96.0–98.1] (paper 86.9) | no | 24.0 | 2,000 (paper 5,000) | 46.4× |
      | DC + CET + OD | 98.1 [96.9–99.0] (paper 89.2) | no | **18.0** | 2,000 (paper 5,000) | 50.5× (paper 55.8×) |

      Figures of the paper (AAAI 2022, Table 3) are of VGG16 on CIFAR-10 at T = 150: other data, another network.
      "
    `);
  });

  test.each([100, 72, 60, 48, 30])('fits %i columns', async (columns) => {
    const { printed } = await record(table, tableExample, fakeRun(), { columns, colour: true });
    expect(widestLine(printed)).toBeLessThanOrEqual(columns);
    expect(printed).toContain('82');
  });
});

describe('values', () => {
  test('a job that lacks a value has an empty cell', async () => {
    const run = runOf({ DC: { accuracy: 0.5 }, CET: { accuracy: null } });
    const { text } = await record(table, { columns: [accuracy] }, run);
    expect(text('table.md')).toContain('| CET |  |');
  });

  test('a row that only the published figures have stays without ours', async () => {
    const options = { columns: [accuracy], published: { 'Han 2020': { Accuracy: 0.914 } } };
    const { text } = await record(table, options, runOf({ DC: { accuracy: 0.5 } }));
    expect(text('table.md')).toContain('| Han 2020 | (paper 91.4) |');
  });

  test('without columns, every scalar has one', async () => {
    const { text } = await record(table, {}, runOf({ DC: { accuracy: 0.5, images: 10 } }));
    expect(text('table.md')).toContain('| accuracy.metrics.accuracy | accuracy.metrics.images |');
  });

  test('a path that no job has is an error with the nearest ones', async () => {
    const options = { columns: [{ title: 'A', value: 'acuracy.metrics.accuracy' }] };
    const error = await record(table, options, fakeRun()).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).code).toBe('REPORT_PATH');
    expect((error as UserError).message).toMatch(
      /"acuracy\.metrics\.accuracy": nearest are accuracy\.metrics\.accuracy,/,
    );
  });

  test('the bold value is the best, and there is none among equals', async () => {
    const options = { columns: [{ ...accuracy, better: 'higher' }] };
    const best = await record(
      table,
      options,
      runOf({ a: { accuracy: 0.5 }, b: { accuracy: 0.6 } }),
    );
    expect(best.text('table.md')).toContain('| b | **60.0** |');
    const equal = await record(
      table,
      options,
      runOf({ a: { accuracy: 0.5 }, b: { accuracy: 0.5 } }),
    );
    expect(equal.text('table.md')).not.toContain('**');
  });
});

describe('options', () => {
  test.each([
    [{ columns: [accuracy], published: { DC: { Acuracy: 1 } } }, 'No column is called "Acuracy"'],
    [{ columns: [accuracy, accuracy] }, 'Two columns are called "Accuracy"'],
    [{ columns: [{ title: 'A', value: 'accuracy' }] }, 'stage.output.key'],
    [{ file: '../table' }, 'inside the run folder'],
    [{ file: '/table' }, 'inside the run folder'],
    [{ colums: [] }, 'colums'],
  ])('%j is refused', (options, message) => {
    expect(JSON.stringify(table.options.safeParse(options).error?.issues)).toContain(
      JSON.stringify(message).slice(1, -1),
    );
  });
});

test('any names fit and break nothing', async () => {
  const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(name, name, fc.double(), async (job, title, value) => {
      const options = { columns: [{ ...accuracy, title }] };
      const { printed, text } = await record(table, options, runOf({ [job]: { accuracy: value } }));
      expect(widestLine(printed)).toBeLessThanOrEqual(80);
      expect(printed).toMatch(/^[ -~\n]*$/);
      expect(text('table.md').trimEnd().split('\n')).toHaveLength(5);
    }),
  );
});

test('an interval that the stage left out is told as few images, one that nobody asked for is not', async () => {
  const fid = {
    title: 'FID',
    value: 'accuracy.metrics.fid',
    interval: ['low', 'high'].map((end) => `accuracy.metrics.${end}`),
  };
  const columns = [fid, { title: 'KID', value: 'accuracy.metrics.kid' }];
  const jobs = {
    few: { fid: 1.5, low: null, high: null, kid: 2 },
    more: { fid: 3, low: 2.5, high: 4, kid: 5 },
    none: { fid: null, low: null, high: null, kid: 1 },
  };
  const { text } = await record(table, { columns }, runOf(jobs));
  expect(text('table.md')).toContain('| few | 1.50 [few images] | 2 |');
  expect(text('table.md')).toContain('| more | 3 [2.50–4] | 5 |');
  expect(text('table.md')).toContain('| none |  | 1 |');
  expect(text('table.txt')).toContain('1.50 [few images]');
});
