import type { Scalars } from '@privatesnn/core';

import type { Loaded } from '../../results/read.js';
import { formatPrecise } from '../../table/format.js';
import { html, type Markup } from '../markup.js';

/** Every scalar of every stage: a closed table a stage, values down, jobs across. */
export function figuresSection(
  scalars: readonly (readonly Loaded<Scalars>[])[],
  jobs: readonly string[],
): Markup {
  const stages = new Map<string, string>();
  for (const { stage, use } of scalars.flat()) if (!stages.has(stage)) stages.set(stage, use);
  return html`<section id="figures" aria-labelledby="figures-title">
    <h2 id="figures-title">All figures</h2>
    <p class="lead">
      Every number of every stage. An empty cell: the job has no such value, or it could not be
      computed.
    </p>
    ${[...stages].map(([stage, use]) => {
      const rows = rowsOf(scalars, stage);
      return html`<details>
        <summary>
          ${stage}
          <span class="where"
            >${use !== stage && `(${use}) `}· ${rows.length}
            ${rows.length === 1 ? 'value' : 'values'}</span
          >
        </summary>
        <div class="scroll" tabindex="0" role="region" aria-label="${`Values of ${stage}`}">
          <table class="plain">
            <thead>
              <tr>
                <th scope="col">Value</th>
                ${jobs.map((job) => html`<th scope="col">${job}</th>`)}
              </tr>
            </thead>
            <tbody>
              ${rows.map(
                ([key, values]) =>
                  html`<tr>
                    <th scope="row" class="key">${key}</th>
                    ${values.map((value) => html`<td>${formatPrecise(value)}</td>`)}
                  </tr>`,
              )}
            </tbody>
          </table>
        </div>
        ${reasonsOf(scalars, stage, jobs).map((text) => html`<p class="note">${text}</p>`)}
      </details>`;
    })}
  </section>`;
}

/** Why values are empty, a sentence for each reason. */
function reasonsOf(
  scalars: readonly (readonly Loaded<Scalars>[])[],
  stage: string,
  jobs: readonly string[],
): string[] {
  const cells = new Map<string, string[]>();
  scalars.forEach((outputs, job) => {
    for (const { output, content } of outputs.filter((one) => one.stage === stage)) {
      for (const [key, reason] of Object.entries(content.reasons ?? {})) {
        const cell = `${output}.${key} of ${jobs[job]!}`;
        cells.set(reason, [...(cells.get(reason) ?? []), cell]);
      }
    }
  });
  return [...cells].map(([reason, names]) => `Empty (${names.join(', ')}): ${reason}.`);
}

/** [output.key, value in each job] */
function rowsOf(
  scalars: readonly (readonly Loaded<Scalars>[])[],
  stage: string,
): [string, (number | null)[]][] {
  const rows = new Map<string, (number | null)[]>();
  scalars.forEach((outputs, job) => {
    for (const { output, content } of outputs.filter((one) => one.stage === stage)) {
      for (const [key, value] of Object.entries(content.values)) {
        const name = `${output}.${key}`;
        const row = rows.get(name) ?? Array<number | null>(scalars.length).fill(null);
        row[job] = value;
        rows.set(name, row);
      }
    }
  });
  return [...rows];
}
