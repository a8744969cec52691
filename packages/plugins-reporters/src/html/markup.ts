/** Markup that is safe to put into a page: made by `html` or vouched for by `trusted`. */
export interface Markup {
  readonly markup: string;
}

type Part = string | number | Markup | readonly Part[] | undefined | false;

/** A template whose values are escaped, unless they are markup; lists are joined, undefined and false are nothing. */
export function html(strings: TemplateStringsArray, ...values: readonly Part[]): Markup {
  const text = strings.map(
    (string, index) => (index === 0 ? '' : render(values[index - 1])) + string,
  );
  return { markup: text.join('') };
}

/** Marks text as markup. Only for text that this package made itself. */
export function trusted(markup: string): Markup {
  return { markup };
}

/** Text without meaning in HTML, in an element or between quotes; control characters become spaces. */
export function escapeHtml(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, ' ')
    .replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function render(part: Part): string {
  if (part === undefined || part === false) return '';
  if (typeof part === 'string') return escapeHtml(part);
  if (typeof part === 'number') return String(part);
  if ('markup' in part) return part.markup;
  return part.map(render).join('');
}
