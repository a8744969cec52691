import type { RunReport } from '@privatesnn/core';

import { formatValue } from '../../table/format.js';
import { html, type Markup } from '../markup.js';
import { moment } from './manifest.js';

export interface Contents {
  readonly id: string;
  readonly title: string;
}

/** Title, description, the first facts of the run, links to the sections. */
export function headSection(run: RunReport, contents: readonly Contents[]): Markup {
  const paragraphs = run.description
    .split(/\n\s*\n/)
    .map((text) => text.trim())
    .filter(Boolean);
  return html`<header>
      <p class="run">Experiment ${run.name}</p>
      <h1>${run.title || run.name}</h1>
      ${paragraphs.map((text) => html`<p>${text}</p>`)}
      <dl class="facts">
        ${factsOf(run).map(
          ([name, value]) =>
            html`<div>
              <dt>${name}</dt>
              <dd>${value}</dd>
            </div>`,
        )}
      </dl>
    </header>
    <nav aria-label="Contents">
      ${contents.map(({ id, title }) => html`<a href="#${id}">${title}</a>`)}
    </nav>`;
}

function factsOf({ manifest, jobs }: RunReport): [string, string][] {
  const fact = (name: string, value: string | number | null): [string, string][] =>
    value === null ? [] : [[name, moment(String(value))]];
  const services = Object.values(manifest.services);
  const total = manifest.stages.reduce((sum, { computeSeconds }) => sum + computeSeconds, 0);
  return [
    ...fact('Jobs', jobs.length),
    ...fact('Seed', typeof manifest.seed === 'number' ? manifest.seed : manifest.seed.join(', ')),
    ...fact('Profile', manifest.profile),
    ...fact('Started', manifest.started),
    ...(total > 0 ? fact('Computing time', `${formatValue(total, 'number', 1)} s`) : []),
    ...(services.length > 0 ? fact('Computed by', services.join(', ')) : []),
  ];
}

/** The run's warnings, which a reader should see before its figures. */
export function warningsSection(manifest: RunReport['manifest']): Markup | undefined {
  const warnings = manifest.stages.flatMap(({ stage, jobs, warnings }) =>
    warnings.map((message) => ({
      message,
      where: [stage, jobs.join(', ')].filter(Boolean).join(': '),
    })),
  );
  if (warnings.length === 0) return undefined;
  return html`<section class="warnings" aria-labelledby="warnings-title">
    <h2 id="warnings-title">
      ${warnings.length === 1 ? 'One warning' : `${warnings.length} warnings`}
    </h2>
    <ul>
      ${warnings.map(
        ({ message, where }) => html`<li>${message} <span class="where">(${where})</span></li>`,
      )}
    </ul>
  </section>`;
}

/** The command that made the run, and the one that makes it again from its folder. */
export function reproduceSection({ command }: RunReport['manifest']): Markup {
  return html`<section id="reproduce" aria-labelledby="reproduce-title">
    <h2 id="reproduce-title">How to reproduce</h2>
    ${
      command !== null &&
      html`<p class="lead">The command that made this run, in the folder where it was given:</p>
        <pre>${command}</pre>`
    }
    <p class="lead">
      The run folder holds the experiment as one file, with every option and the seed. In the run
      folder:
    </p>
    <pre>privatesnn run config.resolved.yaml</pre>
    <p class="lead">On the same runtime both give results with the same digests.</p>
  </section>`;
}
