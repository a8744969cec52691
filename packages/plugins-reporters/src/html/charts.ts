import type { Loaded } from '../results/read.js';
import type { Series } from '@privatesnn/core';

/** One line or one set of bars in a chart. */
export interface Trace {
  readonly name: string;
  /** Index of its data colour. */
  readonly colour: number;
  /** Index of its dash pattern. */
  readonly dash: number;
  readonly points: readonly (readonly [x: number | string, y: number | null])[];
}

export interface Chart {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Bars over names, or lines over numbers; on a logarithmic axis lines over both. */
  readonly kind: 'bars' | 'lines';
  /** Whether the y axis is logarithmic; what is not positive is then a gap. */
  readonly logarithmic: boolean;
  readonly traces: readonly Trace[];
}

/** A line tells from others by its dash up to this number; more lines get a chart each. */
const dashes = 3;

/**
 * The charts of one output over the jobs. A job keeps its colour on the whole page; jobs that share a result
 * (the same digest) share a trace. Where several jobs have several lines each, the lines differ by their dash;
 * charts over names, and more than three lines, get a chart each. Lines without a point are left out.
 *
 * On a logarithmic axis a bar's length would say nothing, since it has no zero to begin at: there are points and lines
 * instead.
 *
 * @param series the output in each job that has it
 * @param jobs the names of all jobs, which give the colours
 * @param logarithmic whether the y axis is logarithmic
 */
export function chartsOf(
  series: readonly Loaded<Series>[],
  jobs: readonly string[],
  logarithmic = false,
): Chart[] {
  const drawn = (value: number | null | undefined) =>
    logarithmic && !(Number(value) > 0) ? null : finite(value);
  const results = new Map<string, Loaded<Series>[]>();
  for (const one of series) results.set(one.digest, [...(results.get(one.digest) ?? []), one]);
  const shared = [...results.values()].map((sharing) => ({
    name:
      sharing.length > 1 && sharing.length === jobs.length
        ? 'all jobs'
        : sharing.map(({ job }) => job).join(', '),
    colour: Math.max(0, jobs.indexOf(sharing[0]!.job)),
    content: sharing[0]!.content,
    lines: sharing[0]!.content.lines.filter(({ y }) => y.some((value) => drawn(value) !== null)),
  }));
  const entries = shared.filter(({ lines }) => lines.length > 0);
  if (entries.length === 0) return [];
  const first = entries[0]!.content;
  const overNames = first.x.some((x) => typeof x === 'string');
  const names = [...new Set(entries.flatMap(({ lines }) => lines.map(({ name }) => name)))];
  const frame = {
    xLabel: first.xLabel,
    yLabel: logarithmic ? `${first.yLabel} (log scale)` : first.yLabel,
    kind: overNames && !logarithmic ? 'bars' : 'lines',
    logarithmic,
  } as const;

  const traces = entries.flatMap((entry) =>
    entry.lines.map((line) => {
      const index = names.indexOf(line.name);
      const points = entry.content.x.map((x, at) => [x, drawn(line.y[at])] as const);
      const single = entries.length === 1;
      const job = single && entry.name === 'all jobs' ? '' : entry.name;
      return {
        line: line.name,
        job,
        name: names.length === 1 ? job || line.name : single ? line.name : `${job}: ${line.name}`,
        colour: single && names.length > 1 ? index : entry.colour,
        dash: single ? 0 : index,
        points,
      };
    }),
  );

  const together = entries.length === 1 || names.length <= (overNames ? 1 : dashes);
  if (together) return [{ ...frame, title: first.title, traces }];
  return names.map((name) => ({
    ...frame,
    title: `${first.title}: ${name}`,
    traces: traces
      .filter(({ line }) => line === name)
      .map((trace) => ({ ...trace, name: trace.job, dash: 0 })),
  }));
}

/** What cannot be drawn is a gap. */
function finite(value: number | null | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
