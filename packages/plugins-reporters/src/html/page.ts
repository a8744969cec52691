import type { RunReport } from '@privatesnn/core';

import { pictureGrid } from '../grid/grid.js';
import { readScalars, readSeries } from '../results/read.js';
import { requirePaths } from '../results/values.js';
import { resultTable } from '../table/result-table.js';
import { chartDrawer } from './draw-chart.js';
import { renderDocument } from './document.js';
import { html, type Markup } from './markup.js';
import type { HtmlOptions } from './options.js';
import { chartsSection } from './sections/charts.js';
import { figuresSection } from './sections/figures.js';
import { headSection, reproduceSection, warningsSection, type Contents } from './sections/head.js';
import { manifestSection } from './sections/manifest.js';
import { picturesSection } from './sections/pictures.js';
import { resultsSection } from './sections/results.js';

/** The report as one self-contained page. */
export async function renderPage(run: RunReport, options: HtmlOptions): Promise<string> {
  const jobs = run.jobs.map(({ name }) => name);
  const [scalars, series, grid] = await Promise.all([
    readScalars(run),
    readSeries(run),
    pictureGrid('html', run, options.grid),
  ]);
  const sections: (Contents & { body: Markup })[] = [];
  const add = (id: string, title: string, body: Markup | undefined) => {
    if (body) sections.push({ id, title, body });
  };

  if (options.table.columns.length > 0) {
    add('results', 'Results', resultsSection(await resultTable('html', run, options.table)));
  }
  if (grid.classes.length > 0) add('pictures', 'Pictures', picturesSection(grid));
  const paths = new Set(series.flat().map(({ path }) => path));
  requirePaths(run, 'html', 'series', options.logarithmic, [...paths]);
  if (paths.size > 0) {
    const draw = await chartDrawer();
    add('charts', 'Charts', chartsSection(series, jobs, draw, new Set(options.logarithmic)));
  }
  if (scalars.flat().length > 0) add('figures', 'All figures', figuresSection(scalars, jobs));
  add('reproduce', 'How to reproduce', reproduceSection(run.manifest));
  add('manifest', 'Manifest', manifestSection(run.manifest));

  return renderDocument(
    run.title || run.name,
    html`${headSection(run, sections)}
      <main>${warningsSection(run.manifest)} ${sections.map(({ body }) => body)}</main>
      <footer>
        Made by the html reporter of PrivateSNN. This page is complete in itself: it loads nothing.
      </footer>`,
  );
}
