import { displayWidth, plain, wrap } from '../text.js';

export interface TextStyle {
  /** Columns that the text may take. */
  readonly width: number;
  /** Lines, × and – as they are; otherwise plain ASCII. */
  readonly unicode: boolean;
  readonly colour: boolean;
}

export type Tone = 'plain' | 'strong' | 'faint';

/** One line of a cell: pieces of text, each with its tone. */
export type Line = readonly { readonly text: string; readonly tone: Tone }[];

/** A cell is a list of lines. */
export type Cell = readonly Line[];

const gap = 2;

/** Columns that a grid of the given widths takes. */
export function gridWidth(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + gap * (widths.length - 1);
}

/** A grid between three rules: the first column to the left, the others to the right, headings at the bottom. */
export function gridLines(
  head: readonly Cell[],
  rows: readonly (readonly Cell[])[],
  widths: readonly number[],
  style: TextStyle,
): string[] {
  const rule = (style.unicode ? '─' : '-').repeat(gridWidth(widths));
  const height = Math.max(...head.map(({ length }) => length));
  const lowered = head.map((cell) => [...Array<Line>(height - cell.length).fill([]), ...cell]);
  return [
    rule,
    ...rowLines(lowered, widths, style),
    rule,
    ...rows.flatMap((row) => rowLines(row, widths, style)),
    rule,
  ];
}

function rowLines(cells: readonly Cell[], widths: readonly number[], style: TextStyle): string[] {
  const height = Math.max(...cells.map(({ length }) => length));
  return Array.from({ length: height }, (_, at) =>
    cells
      .map((lines, column) => {
        const line = lines[at] ?? [];
        const text = line.map((part) => paint(part.text, part.tone, style)).join('');
        const space = ' '.repeat(Math.max(0, widths[column]! - lineWidth(line)));
        return column === 0 ? text + space : ' '.repeat(gap) + space + text;
      })
      .join(''),
  );
}

/** A text as lines of at most `width` columns. */
export function wrapped(text: string, width: number, tone: Tone): Line[] {
  return wrap(text, width).map((piece) => [{ text: piece, tone }]);
}

export function cellWidth(cell: Cell): number {
  return Math.max(0, ...cell.map(lineWidth));
}

function lineWidth(line: Line): number {
  return line.reduce((sum, { text }) => sum + displayWidth(text), 0);
}

/** Bold or dim, by an escape sequence. */
export function paint(text: string, tone: Tone, { colour }: Pick<TextStyle, 'colour'>): string {
  if (!colour || tone === 'plain' || text === '') return text;
  return `\u001b[${tone === 'strong' ? 1 : 2}m${text}\u001b[22m`;
}

/** A text between blocks, wrapped and painted. */
export function paragraph(text: string, tone: Tone, style: TextStyle): string[] {
  return wrap(inked(text, style), style.width).map((line) => paint(line, tone, style));
}

const asciiFor: Readonly<Record<string, string>> = {
  '×': 'x',
  '–': '-',
  '—': '-',
  '−': '-',
  '∞': 'inf',
  '·': '-',
  '→': '->',
  '≤': '<=',
  '≥': '>=',
  α: 'alpha',
  γ: 'gamma',
  θ: 'theta',
  λ: 'lambda',
  σ: 'sigma',
};

/** A text as the style can show it: without control characters; in ASCII, signs by their likeness, else "?". */
export function inked(text: string, { unicode }: Pick<TextStyle, 'unicode'>): string {
  if (unicode) return plain(text);
  return plain(text)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^ -~]/gu, (character) => asciiFor[character] ?? '?');
}
