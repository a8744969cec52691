import { cellText } from '../../table/cell-text.js';
import { titleWithUnit } from '../../table/format.js';
import type { ResultTable, TableRow } from '../../table/result-table.js';
import { html, type Markup } from '../markup.js';

/** Our values with the published ones beside them; on a narrow screen each row becomes a card. */
export function resultsSection(table: ResultTable): Markup {
  const titles = table.columns.map(({ title, format }) => titleWithUnit(title, format));
  const intervals = table.columns.some(({ interval }) => interval);
  return html`<section id="results" aria-labelledby="results-title">
    <h2 id="results-title">Results</h2>
    <table class="results">
      <thead>
        <tr>
          <th scope="col">${table.rowTitle}</th>
          ${titles.map((title) => html`<th scope="col">${title}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${table.rows.map((row) => resultRow(table, row, titles))}
      </tbody>
    </table>
    <p class="note">${intervals && 'In square brackets: confidence intervals. '}${table.note}</p>
  </section>`;
}

function resultRow(table: ResultTable, row: TableRow, titles: readonly string[]): Markup {
  return html`<tr${!row.ran && html` class="absent"`}>
    <th scope="row">${row.name}${!row.ran && html` <span class="small">not run</span>`}</th>
    ${row.cells.map((cell, index) => {
      const { value, interval, published } = cellText(table, table.columns[index]!, cell);
      const title = html` data-title="${titles[index]!}"`;
      if (value === '' && published === '') return html`<td${title}></td>`;
      return html`<td${title}${cell.best && html` class="best"`}><div>
        <span class="value">${value}</span>
        ${interval !== '' && html`<span class="small">[${interval}]</span>`}
        ${published !== '' && html`<span class="small">(${published})</span>`}
      </div></td>`;
    })}
  </tr>`;
}
