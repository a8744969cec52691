import { html, trusted, type Markup } from './markup.js';
import { styles } from './styles.js';

/** Neither scripts nor requests: what a page may do, should any text ever slip through as markup. */
const policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

/** One self-contained page with the style sheet of all reports. */
export function renderDocument(title: string, body: Markup): string {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <title>${title}</title>
        <style>
          ${trusted(styles)}
        </style>
      </head>
      <body>
        ${body}
      </body>
    </html> `;
  return page.markup;
}
