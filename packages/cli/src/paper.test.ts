import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { fakePlugin, start } from './testing/start.js';

const table = (job: string) => `
reporters:
  - use: paper-table
    options:
      cells:
        - { row: DC, column: accuracy, job: ${job}, value: accuracy.metrics.accuracy, figure: aaai-table-3/dc }
        - { row: OD, column: accuracy, job: no such job, value: a.b.c, figure: aaai-table-3/dc+cet+od }
`;

const plugins = `plugins: ["${fakePlugin}", "@privatesnn/plugins-data", "@privatesnn/plugins-reporters"]`;

const ours = (name: string) => `name: ${name}
title: Title of ${name}
${plugins}
stages:
  data: { use: fake-images }
  ann: { use: fake-ann }
  accuracy: { use: fake-accuracy, inputs: { network: ann.ann, images: data } }
profiles: { desk: {} }
${table(name)}`;

const withoutData = `name: table9-lost
title: Without data
${plugins}
stages:
  data: { use: cifar10, options: { path: nowhere } }
  ann: { use: fake-ann }
  accuracy: { use: fake-accuracy, inputs: { network: ann.ann, images: data } }
profiles: { desk: {} }
${table('table9-lost')}`;

/** A folder with three tables: two of fake stages, and one whose data are missing. */
function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'privatesnn-paper-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  writeFileSync(join(path, 'table2-a.yaml'), ours('table2-a'));
  writeFileSync(join(path, 'table10-b.yaml'), ours('table10-b'));
  writeFileSync(join(path, 'table9-lost.yaml'), withoutData);
  return path;
}

interface Report {
  readonly items: readonly {
    readonly name: string;
    readonly reason: string | null;
    readonly runs: readonly { readonly folder: string; readonly command: string }[];
    readonly cells: readonly { readonly ours: number | null; readonly published: number | null }[];
  }[];
}

const paper = (at: string, ...argv: string[]) =>
  start(at, 'paper', ...argv, '--experiments', '.').ended;
const reportIn = (at: string) =>
  JSON.parse(readFileSync(join(at, 'runs/paper/paper.json'), 'utf8')) as Report;

test('without names it lists what there is and what it needs', async () => {
  const { code, stdout } = await paper(folder());
  expect(code).toBe(0);
  expect(stdout).toContain(
    'table2-a\n  Title of table2-a\n  table2-a.yaml\n  needs nothing from outside\n',
  );
  expect(stdout).toContain('needs cifar10 nowhere\n');
  expect(stdout.indexOf('table9-lost')).toBeLessThan(stdout.indexOf('table10-b'));
});

test('one report: what ran, what has no data, what was not chosen', async () => {
  const at = folder();
  const { code, stdout, stderr } = await paper(at, 'table9', 'table2-a', 'ann.file=""');
  expect(code).toBe(0);
  expect(stdout).toContain('runs/paper/paper.md');
  expect(stderr).toContain('DATASET_FILE_MISSING');
  const [ran, lost, open] = reportIn(at).items;
  expect(ran).toMatchObject({
    name: 'table2-a',
    reason: null,
    runs: [{ command: expect.stringContaining('paper table9 table2-a') as string }],
    cells: [
      { ours: 1, published: 0.828 },
      { ours: null, published: 0.892, difference: null },
    ],
  });
  expect(lost).toMatchObject({
    runs: [],
    reason: expect.stringContaining('nowhere') as string,
    cells: [{ ours: null, published: 0.828 }, { ours: null }],
  });
  expect(open).toMatchObject({ name: 'table10-b', runs: [], cells: [{ ours: null }, {}] });
  const markdown = readFileSync(join(at, 'runs/paper/paper.md'), 'utf8');
  expect(markdown).toContain('1 of 3 were run.');
  expect(markdown).toMatch(/\| DC, accuracy \(%\) \| 100\.0 \| 82\.8 \| \+17\.2 \|/);
  expect(readFileSync(join(at, 'runs/paper/paper.html'), 'utf8')).toContain('1 of 3 were run.');
  expect(markdown).toMatch(/## Without data\n[^#]*Not run: .*nowhere/);

  const joined = await paper(at, '--join');
  expect(joined.code).toBe(0);
  expect(reportIn(at).items[0]).toEqual(ran);
  expect(reportIn(at).items[1]).toMatchObject({
    runs: [],
    reason: 'no finished run here yet; privatesnn paper table9-lost makes one.',
  });
  await paper(at, '--join', '--profile', 'desk');
  expect(reportIn(at).items[0]).toMatchObject({ runs: [] });
});

test('one report joins the newest run of each profile', async () => {
  const at = folder();
  const both = ours('table4-both')
    .replace(
      'profiles: { desk: {} }',
      'profiles: { desk: {}, paper: {}, other: { matrix: { zip: { method: [more] } } } }',
    )
    .replace('\nstages:', '\nmatrix: { name: "${method}", zip: { method: [usual] } }\nstages:')
    .replace('job: table4-both', 'job: usual')
    .replace('no such job, value: a.b.c', 'more, value: accuracy.metrics.accuracy');
  writeFileSync(join(at, 'table4-both.yaml'), both);
  for (const profile of ['paper', 'other', 'desk']) {
    expect(await paper(at, 'table4-both', '--profile', profile)).toMatchObject({ code: 0 });
  }
  await paper(at, '--join');
  const item = reportIn(at).items.find(({ name }) => name === 'table4-both')!;
  expect(item.runs).toMatchObject([{ profile: 'paper' }, { profile: 'other' }]);
  expect(item.cells).toMatchObject([
    { ours: 1, run: item.runs[0]!.folder, setting: 'profile paper' },
    { ours: 1, run: item.runs[1]!.folder, setting: 'profile other' },
  ]);
  await paper(at, '--join', '--profile', 'desk');
  expect(reportIn(at).items.find(({ name }) => name === 'table4-both')).toMatchObject({
    runs: [{ profile: 'desk' }],
    cells: [{ ours: 1, setting: '' }, { ours: null }],
  });
});

test('one that fails is told at once and at the end; the others run', async () => {
  const at = folder();
  writeFileSync(
    join(at, 'table1-broken.yaml'),
    ours('table1-broken').replace(
      'stages:\n',
      'stages:\n  bad: { use: fake-failure, inputs: { images: data }, options: { how: throw } }\n',
    ),
  );
  const { code, stderr } = await paper(at, 'all');
  expect(code).toBe(4);
  const line = stderr.indexOf('Failed: table1-broken: Stage "bad" (fake-failure of ');
  expect(line).toBeGreaterThan(-1);
  expect(stderr.indexOf('Title of table2-a')).toBeGreaterThan(line);
  expect(stderr).toMatch(
    /2 of 4 failed:\n\ntable1-broken\nError \[STAGE_FAILED\][^]*table9-lost\n/,
  );
  expect(reportIn(at).items.map(({ runs }) => runs.length > 0)).toEqual([false, true, false, true]);
  expect(reportIn(at).items[0]!.reason).toContain('the fake failure');

  const first = await paper(at, 'all', '--fail-fast');
  expect(first.code).toBe(4);
  expect(first.stderr).toContain('1 of 1 failed:');
  expect(first.stderr).not.toContain('Title of table2-a');
});

test('Ctrl-C ends all of them; the report of what had finished is there', async () => {
  const at = folder();
  const endless = `
  dc: { use: fake-converter, inputs: { ann: ann, images: data } }
  cet: { use: fake-trainer, inputs: { snn: dc, images: data }, options: { steps: 50, milliseconds: 2000 } }
`;
  const long = ours('table3-long')
    .replace('ann.ann', 'cet.snn')
    .replace('\nprofiles', `${endless}profiles`);
  writeFileSync(join(at, 'table3-long.yaml'), long);
  const child = start(at, 'paper', 'table2-a', 'table3-long', 'table10-b', '--experiments', '.');
  const working = new Promise<void>((done) => {
    child.stderr!.on('data', (data) => {
      if (String(data).includes('Title of table3-long')) done();
    });
  });
  await Promise.race([working, child.ended]);
  child.kill('SIGINT');
  const { code, stderr } = await child.ended;
  expect(code).toBe(130);
  expect(stderr).toContain('The run was interrupted.');
  expect(stderr).not.toContain('Title of table10-b');
  expect(reportIn(at).items.map(({ runs }) => runs.length > 0)).toEqual([
    true,
    false,
    false,
    false,
  ]);
});

test('where nothing has data the exit code says so', async () => {
  expect(await paper(folder(), 'table9-lost')).toMatchObject({ code: 3 });
});

test('all are checked before the first one runs, and a wrong name has the nearest one', async () => {
  const at = folder();
  expect(await paper(at, 'tabel2-a')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Did you mean "table2-a"?') as string,
  });
  const wrong = await paper(at, 'all', 'data.split=5');
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).not.toContain('Run folder');
});
