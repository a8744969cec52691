import type { RunReport } from '@privatesnn/core';

import { html, type Markup } from '../markup.js';

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
  const facts = factsOf(run);
  return html`<header>
      <p class="run">Experiment ${run.name}</p>
      <h1>${run.title || run.name}</h1>
      ${paragraphs.map((text) => html`<p>${text}</p>`)}
      <dl class="facts">
        ${facts.map(
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
  const fact = (name: string, key: string): [string, string][] => {
    const value = manifest[key];
    return typeof value === 'string' || typeof value === 'number'
      ? [[name, moment(String(value))]]
      : [];
  };
  return [
    ['Jobs', String(jobs.length)],
    ...fact('Seed', 'seed'),
    ...fact('Engine', 'engine'),
    ...fact('Started', 'startedAt'),
    ...fact('Finished', 'finishedAt'),
  ];
}

/** "2026-11-21T00:30:00.000Z" → "2026-11-21 00:30:00 UTC"; other text as it is. */
function moment(text: string): string {
  return text.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z$/, '$1 $2 UTC');
}

/** The run's warnings, which a reader should see before its figures. */
export function warningsSection(warnings: unknown): Markup | undefined {
  if (!Array.isArray(warnings) || warnings.length === 0) return undefined;
  return html`<section class="warnings" aria-labelledby="warnings-title">
    <h2 id="warnings-title">
      ${warnings.length === 1 ? 'One warning' : `${warnings.length} warnings`}
    </h2>
    <ul>
      ${warnings.map((warning: unknown) => html`<li>${warningText(warning)}</li>`)}
    </ul>
  </section>`;
}

function warningText(warning: unknown): Markup {
  if (typeof warning !== 'object' || warning === null) return html`${String(warning)}`;
  const { message, job, stage } = warning as Readonly<Record<string, unknown>>;
  const where = [job, stage].filter((part) => typeof part === 'string').join(', ');
  const text = typeof message === 'string' ? message : JSON.stringify(warning);
  return html`${text}${where !== '' && html` <span class="where">(${where})</span>`}`;
}

/** The command that makes the run again. */
export function reproduceSection(command: unknown): Markup {
  const words = Array.isArray(command) ? command.map(String) : undefined;
  const line = words ? words.map(shellWord).join(' ') : typeof command === 'string' ? command : '';
  return html`<section id="reproduce" aria-labelledby="reproduce-title">
    <h2 id="reproduce-title">How to reproduce</h2>
    <p class="lead">
      The same file, seed and runtime give the same digests. The run folder holds the resolved
      configuration and the manifest.
    </p>
    ${line !== '' && html`<pre>${line}</pre>`}
  </section>`;
}

/** A word as a shell takes it. */
function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
