import type { RunReport } from '@privatesnn/core';

import { formatValue } from '../../table/format.js';
import { html, type Markup } from '../markup.js';
import { isRecord, moment } from './manifest.js';

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
  const fact = (name: string, value: unknown): [string, string][] =>
    typeof value === 'string' || typeof value === 'number' ? [[name, moment(String(value))]] : [];
  const services = isRecord(manifest.services) ? Object.values(manifest.services).map(String) : [];
  const seconds = stagesOf(manifest).map(({ computeSeconds }) => Number(computeSeconds));
  const total = seconds.reduce((sum, each) => sum + each, 0);
  return [
    ...fact('Jobs', jobs.length),
    ...fact('Seed', manifest.seed),
    ...fact('Profile', manifest.profile),
    ...fact('Started', manifest.started),
    ...(total > 0 ? fact('Computing time', `${formatValue(total, 'number', 1)} s`) : []),
    ...(services.length > 0 ? fact('Computed by', services.join(', ')) : []),
  ];
}

/** The run's warnings, which a reader should see before its figures. */
export function warningsSection(manifest: RunReport['manifest']): Markup | undefined {
  const warnings = stagesOf(manifest).flatMap(({ stage, jobs, warnings }) =>
    list(warnings).map((message) => ({
      message: String(message),
      where: [String(stage), list(jobs).join(', ')].filter(Boolean).join(': '),
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
      typeof command === 'string' &&
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

function stagesOf(manifest: RunReport['manifest']): Readonly<Record<string, unknown>>[] {
  return list(manifest.stages).filter(isRecord);
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
