import type { Series } from '@privatesnn/core';

import type { Loaded } from '../../results/read.js';
import { chartsOf, type Chart, type Trace } from '../charts.js';
import { dataVariable } from '../colours.js';
import { dashArrays, type DrawChart } from '../draw-chart.js';
import { html, trusted, type Markup } from '../markup.js';

/**
 * Charts of every series, in the order of the stages; undefined where there is nothing to draw.
 *
 * @param logarithmic the paths of the series with a logarithmic axis
 */
export function chartsSection(
  series: readonly (readonly Loaded<Series>[])[],
  jobs: readonly string[],
  draw: DrawChart,
  logarithmic: ReadonlySet<string>,
): Markup | undefined {
  const outputs = new Map<string, Loaded<Series>[]>();
  for (const one of series.flat()) outputs.set(one.path, [...(outputs.get(one.path) ?? []), one]);
  const figures = [...outputs].flatMap(([path, sharing]) =>
    chartsOf(sharing, jobs, logarithmic.has(path)).map((chart) =>
      figure(sharing[0]!.stage, chart, draw),
    ),
  );
  if (figures.length === 0) return undefined;
  return html`<section id="charts" aria-labelledby="charts-title">
    <h2 id="charts-title">Charts</h2>
    <div class="charts">${figures}</div>
  </section>`;
}

function figure(stage: string, chart: Chart, draw: DrawChart): Markup {
  const description = `${chart.title}: ${chart.yLabel} against ${chart.xLabel}, for ${chart.traces
    .map(({ name }) => name)
    .join(', ')}`;
  const drawing = draw(chart).replace('<svg ', '<svg aria-hidden="true" ');
  return html`<figure role="group" aria-label="${description}">
    <figcaption><span class="stage">${stage}</span>${chart.title}</figcaption>
    ${
      chart.traces.length > 1 || chart.traces[0]?.name
        ? html`<ul class="legend">
            ${chart.traces.map((trace) => legendEntry(chart, trace))}
          </ul>`
        : undefined
    }
    ${trusted(drawing)}
  </figure>`;
}

function legendEntry(chart: Chart, trace: Trace): Markup {
  const colour = dataVariable(trace.colour);
  const key =
    chart.kind === 'bars'
      ? `<rect x="5" y="1" width="11" height="10" rx="2" fill="${colour}"/>`
      : `<path d="M0 6H22" stroke="${colour}" stroke-width="2" stroke-dasharray="${dashArrays[trace.dash] ?? ''}"/>${marker(trace.colour, colour)}`;
  return html`<li>
    ${trusted(`<svg width="22" height="12" aria-hidden="true">${key}</svg>`)}<span
      >${trace.name}</span
    >
  </li>`;
}

/** The markers of the drawn lines: circle, square, triangle, diamond. */
function marker(index: number, colour: string): string {
  const shapes = [
    'M8 6a3 3 0 1 0 6 0a3 3 0 1 0-6 0',
    'M8 3h6v6H8z',
    'M11 3l3 6H8z',
    'M11 2.5l3.5 3.5L11 9.5L7.5 6z',
  ];
  return `<path d="${shapes[index % shapes.length]}" fill="${colour}"/>`;
}
