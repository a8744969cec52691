import type { JobResult, RunReport, Series } from '@privatesnn/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  fakeManifest,
  fakeRun,
  gridExample,
  jobNames,
  scalars,
  stage,
  tableExample,
} from '../testing/fake-run.js';
import { record } from '../testing/recorder.js';
import { chartsOf } from './charts.js';
import { dataColours, schemes } from './colours.js';
import { htmlReporter } from './html.js';
import { escapeHtml, html } from './markup.js';

const options = { table: tableExample, grid: gridExample };
const page = async (run: RunReport, given: unknown = options) =>
  (await record(htmlReporter, given, run)).text('report.html');

/** The tags of a page, without the contents of its style sheet. */
const tags = (text: string) =>
  text.replace(/<style>[\s\S]*?<\/style>/, '').match(/<[!/a-z][^>]*>/gi) ?? [];

describe('the page', () => {
  test('holds the sections of the run', async () => {
    const text = await page(fakeRun());
    for (const id of ['results', 'pictures', 'charts', 'figures', 'reproduce', 'manifest']) {
      expect(text).toContain(`<section id="${id}"`);
    }
    expect(text).toContain('(paper 82.8)');
    expect(text).toContain('privatesnn run config.resolved.yaml');
    expect(text).toContain('<pre>privatesnn run experiments/quickstart.yaml</pre>');
    expect(text).toContain('no spike reached the last layer');
    expect(text.match(/data:image\/png;base64,/g)).toHaveLength(10 * (1 + 4 + 3));
  });

  test('has what the run has, and no more', async () => {
    const text = await page({ ...fakeRun(), jobs: [] }, {});
    for (const id of ['results', 'pictures', 'charts', 'figures']) {
      expect(text).not.toContain(`id="${id}"`);
    }
  });

  test('asks nothing of the network and runs no script', async () => {
    const text = await page(fakeRun());
    expect(text).not.toMatch(/<(script|link|iframe|object|embed)\b|@import|url\((?!#)/i);
    const addresses = [...text.matchAll(/\b(?:src|href)="([^"]*)"/g)].map(
      ([, address]) => address!,
    );
    for (const address of addresses) expect(address).toMatch(/^(#|data:image\/png;base64,)/);
    expect(text).toContain('default-src &#39;none&#39;');
  });

  test('closes what it opens', async () => {
    const open: string[] = [];
    const empty = /^(meta|img|path|rect|br|!doctype|circle|ellipse|polyline|polygon|line)$/;
    for (const tag of tags(await page(fakeRun()))) {
      const [, slash, name] = /^<(\/?)(!?[\w-]+)/.exec(tag)!;
      if (tag.endsWith('/>') || (empty.test(name!.toLowerCase()) && !slash)) continue;
      if (!slash) open.push(name!);
      else if (!empty.test(name!)) expect(open.pop()).toBe(name);
    }
    expect(open).toEqual([]);
  });

  test('is the same each time', async () => {
    expect(await page(fakeRun(true))).toBe(await page(fakeRun(true)));
  });
});

describe('hostile text', () => {
  test('is escaped', () => {
    expect(escapeHtml(`<b a="1" b='2'>&`)).toBe('&#60;b a=&#34;1&#34; b=&#39;2&#39;&#62;&#38;');
    expect(html`<p title="${'"><script>'}">${['<i>', 1, undefined, false]}</p>`.markup).toBe(
      '<p title="&#34;&#62;&#60;script&#62;">&#60;i&#62;1</p>',
    );
  });

  /** A run in which every text that a user or a plugin may choose is `text`. */
  function runOf(text: string): RunReport {
    const series = (x: Series['x']): Series => ({
      type: 'series',
      title: text,
      xLabel: text,
      yLabel: text,
      x,
      lines: [{ name: text, y: [1, 2] }],
    });
    const job: JobResult = {
      name: text,
      axes: { axis: text },
      stages: {
        [`s${text}`]: stage(text, text, {
          metrics: scalars({ [text]: 1 }),
          curve: series([1, 2]),
          bars: series([text, `${text}2`]),
          pictures: {
            type: 'pictures',
            title: text,
            shape: [1, 1, 1],
            items: [{ label: text, pixels: Uint8Array.of(7) }],
          },
        }),
      },
    };
    return {
      name: text,
      title: text,
      description: text,
      jobs: [job],
      manifest: {
        ...fakeManifest,
        profile: text,
        services: { [text]: text },
        versions: { [`k${text}`]: text },
        jobs: [{ name: text, axes: { [`c${text}`]: text }, status: 'finished' }],
        stages: fakeManifest.stages.map((stage) => ({
          ...stage,
          stage: text,
          jobs: [text],
          warnings: [text],
        })),
      },
    };
  }

  const tagNames = (text: string) =>
    tags(text)
      .map((tag) => /^<[!/]?[\w-]+/.exec(tag)![0])
      .sort();
  const attributes = (text: string) =>
    new Set(
      tags(text).flatMap((tag) => tag.replace(/"[^"]*"/g, '""').match(/[\w:-]+(?==)/g) ?? []),
    );

  test('never becomes markup', async () => {
    const harmless = await page(runOf('  two words'), {});
    const hostile = fc.oneof(
      fc.constantFrom(
        '<script>alert(1)</script>',
        '"><img src=x onerror=alert(1)>',
        `' onmouseover='alert(1)`,
        '</title></style><svg onload=alert(1)>',
        '<!-- ',
        ']]>',
        '&lt;b&gt;',
        '${x}',
        '`',
        '{a|b}',
        '{value}\n<b>',
      ),
      fc.string({ unit: 'binary', minLength: 1 }),
    );
    await fc.assert(
      fc.asyncProperty(hostile, async (text) => {
        const made = await page(runOf(`x${text}`), {});
        const known = new Set(tagNames(harmless));
        for (const name of tagNames(made)) expect(known).toContain(name);
        for (const name of attributes(made)) expect(attributes(harmless)).toContain(name);
        expect(tagNames(made).filter((name) => name === '<img')).toHaveLength(1);
      }),
      { numRuns: 30 },
    );
  });
});

describe('charts', () => {
  const series = (job: string, digest: string, lines: string[], x: Series['x'] = [1, 2]) => ({
    job,
    stage: 's',
    kind: 'metric',
    use: 'u',
    output: 'o',
    path: 's.o',
    digest,
    load: () => Promise.reject(new Error('loaded twice')),
    content: {
      type: 'series' as const,
      title: 'T',
      xLabel: 'x',
      yLabel: 'y',
      x,
      lines: lines.map((name) => ({ name, y: x.map((_, at) => (at === 0 ? 0 : null)) })),
    },
  });

  test('a job keeps its colour', () => {
    const [chart] = chartsOf([series('DC', 'a', ['l']), series('DC + CET', 'b', ['l'])], jobNames);
    expect(chart!.traces.map(({ name, colour }) => [name, colour])).toEqual([
      ['DC', 1],
      ['DC + CET', 2],
    ]);
    expect(chart!.traces[0]!.points).toEqual([
      [1, 0],
      [2, null],
    ]);
  });

  test('a series without a point has no chart', () => {
    expect(chartsOf([series('DC', 'a', ['l'], [])], jobNames)).toEqual([]);
    const [chart] = chartsOf(
      [series('ANN', 'a', ['l'], []), series('DC', 'b', ['l'], ['conv1', 'fc1'])],
      jobNames,
    );
    expect(chart!.kind).toBe('bars');
    expect(chart!.traces.map(({ name }) => name)).toEqual(['DC']);
  });

  test('a logarithmic axis has lines over names, and gaps for what is not positive', () => {
    const content = { ...series('DC', 'a', []).content, x: ['conv1', 'conv2', 'fc1'] };
    const lines = [
      { name: 'rate', y: [0, 0.02, 3] },
      { name: 'silent', y: [0, -1, null] },
    ];
    const both = ['DC', 'DC + CET'].map((job) => ({
      ...series(job, job, []),
      content: { ...content, lines },
    }));
    const charts = chartsOf(both, jobNames, true);
    expect(charts).toHaveLength(1);
    expect(charts[0]).toMatchObject({ kind: 'lines', logarithmic: true, yLabel: 'y (log scale)' });
    expect(charts[0]!.traces.map(({ name }) => name)).toEqual(['DC', 'DC + CET']);
    expect(charts[0]!.traces[0]!.points).toEqual([
      ['conv1', null],
      ['conv2', 0.02],
      ['fc1', 3],
    ]);
  });

  test('a logarithmic axis goes over whole powers of ten, and is asked for by the path of a series', async () => {
    const rates = 'spike-rate.layers';
    const text = await page(fakeRun(), { logarithmic: [rates] });
    expect(text).toContain('(log scale)');
    const figure = text.split('<figure').find((part) => part.includes('(log scale)'))!;
    for (const label of ['0.01', '0.1']) expect(figure).toContain(`>${label}</text>`);
    expect(figure).not.toContain('>0.05</text>');
    expect(await page(fakeRun(), {})).not.toContain('(log scale)');
    await expect(page(fakeRun(), { logarithmic: ['spike-rate.layer'] })).rejects.toThrow(rates);
  });

  test('jobs with the same result share a line', () => {
    const [chart] = chartsOf(
      jobNames.map((job) => series(job, 'a', ['loss'])),
      jobNames,
    );
    expect(chart!.traces.map(({ name }) => name)).toEqual(['loss']);
  });

  test('lines of several jobs differ by dash; bars get a chart for each line', () => {
    const both = (x: Series['x']) => [
      series('DC', 'a', ['p', 'q'], x),
      series('ANN', 'b', ['p', 'q'], x),
    ];
    const [lines] = chartsOf(both([1, 2]), jobNames);
    expect(lines!.traces.map(({ dash }) => dash)).toEqual([0, 1, 0, 1]);
    expect(chartsOf(both(['a', 'b']), jobNames).map(({ title }) => title)).toEqual([
      'T: p',
      'T: q',
    ]);
  });
});

/** WCAG 2 contrast of two colours. */
function contrast(a: string, b: string): number {
  const luminance = (colour: string) => {
    const [red, green, blue] = colour
      .match(/[0-9a-f]{2}/g)!
      .map((byte) => Number.parseInt(byte, 16) / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
  };
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high! + 0.05) / (low! + 0.05);
}

test.each(Object.entries(schemes))(
  'colours of the %s scheme can be told from their ground',
  (_, scheme) => {
    for (const ground of [scheme.page, scheme.panel]) {
      for (const text of [scheme.ink, scheme.quiet, scheme.accent]) {
        expect(contrast(text, ground)).toBeGreaterThan(4.5);
      }
      for (const colour of scheme.data) expect(contrast(colour, ground)).toBeGreaterThan(3);
    }
    expect(contrast(scheme.warn, scheme.warnPanel)).toBeGreaterThan(4.5);
    expect(scheme.data).toHaveLength(dataColours);
  },
);
