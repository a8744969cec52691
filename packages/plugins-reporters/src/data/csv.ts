import { defineReporter, type RunReport } from '@privatesnn/core';
import { z } from 'zod';

import { fileOption } from '../file-option.js';
import { readScalars, readSeries } from '../results/read.js';
import { csvText, type CsvCell } from './csv-text.js';

export const csv = defineReporter({
  kind: 'reporter',
  id: 'csv',
  version: 2,
  summary:
    'Scalars (a line for each job and value, with why it is empty) and series (a line for each point) as CSV.',
  source: 'This project; RFC 4180',
  options: z.strictObject({
    scalars: fileOption('results.csv').describe('Path of the file with the scalars.'),
    series: fileOption('series.csv').describe('Path of the file with the series.'),
  }),
  create: (options) => ({
    async report(context, run) {
      const axes = plainAxes(run);
      const axisColumns = axes.map((axis) => `axis.${axis}`);
      const axisCells = run.jobs.map((job) => axes.map((axis) => axisCell(job.axes[axis])));
      await context.writeFile(
        options.scalars,
        csvText(
          ['job', ...axisColumns, 'stage', 'output', 'name', 'value', 'reason'],
          await scalarRecords(run, axisCells),
        ),
      );
      await context.writeFile(
        options.series,
        csvText(
          [
            'job',
            ...axisColumns,
            'stage',
            'output',
            'title',
            'line',
            'x label',
            'x',
            'y label',
            'y',
          ],
          await seriesRecords(run, axisCells),
        ),
      );
    },
  }),
});

async function scalarRecords(run: RunReport, axes: readonly CsvCell[][]): Promise<CsvCell[][]> {
  const scalars = await readScalars(run);
  return scalars.flatMap((outputs, index) =>
    outputs.flatMap(({ job, stage, output, content }) =>
      Object.entries(content.values).map(([name, value]) => [
        job,
        ...axes[index]!,
        stage,
        output,
        name,
        value,
        content.reasons?.[name] ?? null,
      ]),
    ),
  );
}

async function seriesRecords(run: RunReport, axes: readonly CsvCell[][]): Promise<CsvCell[][]> {
  const series = await readSeries(run);
  return series.flatMap((outputs, index) =>
    outputs.flatMap(({ job, stage, output, content }) =>
      content.lines.flatMap((line) =>
        content.x.map((x, point) => [
          job,
          ...axes[index]!,
          stage,
          output,
          content.title,
          line.name,
          content.xLabel,
          x,
          content.yLabel,
          line.y[point] ?? null,
        ]),
      ),
    ),
  );
}

/** The axes of the matrix whose values all fit into a cell. */
function plainAxes(run: RunReport): string[] {
  const axes = [...new Set(run.jobs.flatMap((job) => Object.keys(job.axes)))];
  return axes.filter((axis) => run.jobs.every((job) => typeof (job.axes[axis] ?? '') !== 'object'));
}

function axisCell(value: unknown): CsvCell {
  if (value === undefined || value === null) return null;
  return typeof value === 'number' ? value : String(value);
}
