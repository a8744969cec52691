import type { Grid, GridColumn } from '../../grid/grid.js';
import { encodePng, type Picture } from '../../grid/picture.js';
import { html, type Markup } from '../markup.js';

/** The picture grid as a table: one embedded PNG a picture, at its own size. */
export function picturesSection(grid: Grid): Markup {
  const columns = grid.groups.flatMap((group) =>
    group.columns.map((column, index) => ({ group: group.title, column, start: index === 0 })),
  );
  const titled = columns.some(({ column }) => column.title !== '');
  return html`<section id="pictures" aria-labelledby="pictures-title">
    <h2 id="pictures-title">Pictures</h2>
    <p class="lead">
      One row a class. What an attack recovers should be compared with the real images, where they
      are shown.
    </p>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="pictures-title">
      <table class="pictures">
        <thead>
          <tr>
            <td></td>
            ${grid.groups.map(
              ({ title, columns }) =>
                html`<th scope="colgroup" colspan="${columns.length}" class="start">${title}</th>`,
            )}
          </tr>
          ${
            titled &&
            html`<tr>
              <td></td>
              ${columns.map(
                ({ column, start }) =>
                  html`<th scope="col" ${start && html` class="start"`}>
                    <span>${column.title}</span>
                  </th>`,
              )}
            </tr>`
          }
        </thead>
        <tbody>
          ${grid.classes.map(
            (name) =>
              html`<tr>
                <th scope="row">${name}</th>
                ${columns.map(
                  ({ group, column, start }) =>
                    html`<td${start && html` class="start"`}><span>${cell(group, column, name, grid.perClass)}</span></td>`,
                )}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

function cell(group: string, column: GridColumn, name: string, places: number): Markup[] {
  const pictures = column.pictures.get(name) ?? [];
  const text = [group, column.title, `class ${name}`].filter(Boolean).join(', ');
  return Array.from({ length: places }, (_, place) => {
    const picture = pictures[place];
    return picture ? image(picture, text) : html`<div class="none"></div>`;
  });
}

function image(picture: Picture, text: string): Markup {
  const data = encodePng(picture).toString('base64');
  return html`<img
    alt="${text}"
    width="${picture.width}"
    height="${picture.height}"
    src="data:image/png;base64,${data}"
  />`;
}
