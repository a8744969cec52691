import { defineReporter, type RunReport } from '@privatesnn/core';
import { z } from 'zod';

import { fileOption } from '../file-option.js';
import { readScalars, readSeries, type Output } from '../results/read.js';

/** Raised when a reader of the older file would no longer understand it. */
const formatVersion = 1;

export const json = defineReporter({
  kind: 'reporter',
  id: 'json',
  version: 2,
  summary: 'All scalars and series of all jobs in one JSON file.',
  source: 'This project',
  options: z.strictObject({
    file: fileOption('results.json').describe('Path of the file in the run folder.'),
  }),
  create: (options) => ({
    async report(context, run) {
      const content = await results(run);
      await context.writeFile(options.file, `${JSON.stringify(content, null, 2)}\n`);
    },
  }),
});

async function results(run: RunReport) {
  const [scalars, series] = await Promise.all([readScalars(run), readSeries(run)]);
  return {
    format: formatVersion,
    name: run.name,
    title: run.title,
    description: run.description,
    jobs: run.jobs.map((job, index) => ({
      name: job.name,
      axes: job.axes,
      scalars: byStage(scalars[index]!, ({ content }) => content.values),
      // Why values are null, by the same names.
      reasons: byStage(
        scalars[index]!.filter(({ content }) => content.reasons),
        ({ content }) => content.reasons!,
      ),
      series: byStage(series[index]!, ({ content: { type: _, ...rest } }) => rest),
    })),
  };
}

/** { stage: { output: value } } */
function byStage<O extends Pick<Output, 'stage' | 'output'>, V>(
  outputs: readonly O[],
  value: (output: O) => V,
): Record<string, Record<string, V>> {
  const stages: Record<string, Record<string, V>> = {};
  for (const output of outputs) (stages[output.stage] ??= {})[output.output] = value(output);
  return stages;
}
