import type { Manifest } from '@privatesnn/core';

import { formatPrecise } from '../../table/format.js';
import { html, type Markup } from '../markup.js';

/** What is not settled while the report is made, or shown elsewhere on the page. */
const leftOut = new Set(['format', 'command', 'status', 'finished', 'seconds', 'process', 'error']);

/** Columns of a stage that few readers want come last: names and digests, after times. */
const late = new Set(['use', 'kind', 'key', 'outputs', 'warnings']);

/** The manifest: nested pairs, tables for lists of records, text for the rest. */
export function manifestSection(manifest: Manifest): Markup {
  const shown = Object.entries(manifest).filter(([name]) => !leftOut.has(name));
  const { plain, nested } = split(Object.fromEntries(shown));
  return html`<section id="manifest" aria-labelledby="manifest-title">
    <h2 id="manifest-title">Manifest</h2>
    <p class="lead">What the run was made with.</p>
    ${plain.length > 0 && pairs(plain)}
    ${nested.map(
      ([name, value]) =>
        html`<details>
          <summary>${words(name)}</summary>
          ${show(value)}
        </details>`,
    )}
  </section>`;
}

function split(record: object): Record<'plain' | 'nested', [string, unknown][]> {
  const entries = Object.entries(record).filter(
    ([, value]) => value !== undefined && value !== null,
  );
  const isNested = (value: unknown) => typeof value === 'object' && value !== null;
  return {
    plain: entries.filter(([, value]) => !isNested(value)),
    nested: entries.filter(([, value]) => isNested(value)),
  };
}

function pairs(entries: readonly [string, unknown][]): Markup {
  return html`<dl class="pairs">
    ${entries.map(
      ([name, value]) =>
        html`<dt>${words(name)}</dt>
          <dd>${show(value)}</dd>`,
    )}
  </dl>`;
}

function show(value: unknown): Markup {
  if (Array.isArray(value)) {
    if (value.length === 0) return html`none`;
    return value.every(isRecord) ? records(value) : html`${value.map(text).join(', ')}`;
  }
  return isRecord(value) ? pairs(Object.entries(value)) : html`${text(value)}`;
}

function records(rows: readonly Readonly<Record<string, unknown>>[]): Markup {
  const known = new Set(rows.flatMap((row) => Object.keys(row)));
  const columns = [...known].sort((a, b) => Number(late.has(a)) - Number(late.has(b)));
  const side = (column: string) =>
    rows.every((row) => typeof (row[column] ?? 0) === 'number') ? undefined : html` class="text"`;
  return html`<div class="scroll" tabindex="0">
    <table class="plain">
      <thead>
        <tr>
          ${columns.map((column) => html`<th scope="col" ${side(column)}>${words(column)}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${columns.map((column) => html`<td${side(column)}>${text(row[column])}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** "startedAt" → "started at" */
function words(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`);
}

/** One line of text; long digests are cut. */
function text(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return formatPrecise(value);
  if (Array.isArray(value)) return value.map(text).join(', ');
  if (isRecord(value)) {
    return Object.entries(value)
      .map(([name, inner]) => `${name}: ${text(inner)}`)
      .join(', ');
  }
  return moment(String(value)).replace(/^([0-9a-f]{12})[0-9a-f]{20,}$/, '$1…');
}

/** "2026-11-21T00:30:00.000Z" → "2026-11-21 00:30:00 UTC"; other text as it is. */
export function moment(text: string): string {
  return text.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z$/, '$1 $2 UTC');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
