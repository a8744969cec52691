import { renderDocument } from '../../html/document.js';
import { html, type Markup } from '../../html/markup.js';
import { comparisonLabel, comparisonText, type Comparison } from '../compare.js';
import type { PaperEntry, PaperRun } from './entry.js';
import { reasonText, reportLead, reportNames, reportTitle } from './texts.js';

/** The report of all tables and figures as one self-contained page: every cell, its run and the picture grids. */
export function paperPage(entries: readonly PaperEntry[]): string {
  return renderDocument(
    reportTitle,
    html`<header>
        <h1>${reportTitle}</h1>
        <p>${reportLead(entries)}</p>
        <p>${reportNames}</p>
      </header>
      <nav aria-label="Contents">
        ${entries.map(
          ({ name, title, runs }) =>
            html`<a href="#${name}" ${runs.length === 0 && html` class="absent"`}>${title}</a>`,
        )}
      </nav>
      <main>${entries.map(entrySection)}</main>
      <footer>
        Made by privatesnn paper. This page is complete in itself; only links to run folders lead
        out of it.
      </footer>`,
  );
}

function entrySection(entry: PaperEntry): Markup {
  const { name, title, description, note, cells, runs } = entry;
  const reason = reasonText(entry);
  return html`<section id="${name}" aria-labelledby="${name}-title">
    <h2 id="${name}-title">${title}</h2>
    ${description !== '' && html`<p>${description}</p>`}
    ${reason !== '' && html`<p class="lead">${reason}</p>`}
    <table class="results compared">
      <thead>
        <tr>
          <th scope="col">Cell</th>
          <th scope="col">Ours</th>
          <th scope="col">Published</th>
          <th scope="col">Difference</th>
          <th scope="col" class="text">Our setting</th>
          <th scope="col" class="text">Source</th>
        </tr>
      </thead>
      <tbody>
        ${cells.map(cellRow)}
      </tbody>
    </table>
    ${note !== '' && html`<p class="note">${note}</p>`} ${runs.map((run) => runPart(run, title))}
  </section>`;
}

function cellRow(cell: Comparison): Markup {
  const { value, interval, published, difference } = comparisonText(cell);
  return html`<tr${cell.ours === null && html` class="absent"`}>
    <th scope="row">${comparisonLabel(cell)}</th>
    ${field(
      'Ours',
      value &&
        html`<div>
          <span class="value">${value}</span>
          ${interval !== '' && html`<span class="small">${interval}</span>`}
        </div>`,
    )}
    ${field('Published', published)} ${field('Difference', difference)}
    ${field('Our setting', cell.setting, 'text')} ${field('Source', cell.source ?? '', 'text')}
  </tr>`;
}

/** A table cell; an empty one has not even a space, and a narrow screen leaves it out. */
function field(title: string, content: Markup | string, style = ''): Markup {
  const start = html`<td data-title="${title}"${style !== '' && html` class="${style}"`}`;
  return content === '' ? html`${start}></td>` : html`${start}>${content}</td>`;
}

function runPart({ folder, facts, command, warnings, pages, grids }: PaperRun, title: string) {
  return html`<p class="note">
      Run <span class="key">${folder}</span>: ${facts.join(', ')}.
      ${pages.map((file) => html` <a href="${folder}/${file}">${file}</a>`)}
    </p>
    ${command !== null && html`<pre>${command}</pre>`}
    ${
      warnings.length > 0 &&
      html`<div class="warnings">
        <ul>
          ${warnings.map((warning) => html`<li>${warning}</li>`)}
        </ul>
      </div>`
    }
    ${grids.map(({ png }) => {
      const data = Buffer.from(png).toString('base64');
      return html`<div class="scroll" tabindex="0">
        <img class="grid" alt="Pictures: ${title}" src="data:image/png;base64,${data}" />
      </div>`;
    })}`;
}
