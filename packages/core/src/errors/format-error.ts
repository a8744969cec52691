import { relative } from 'node:path';
import { types } from 'node:util';

import { UserError, type Place } from '../contracts/error.js';
import { UserErrorList } from './error-list.js';
import { visible, visibleLine } from './terminal-text.js';
import { cutMiddle, safeError } from './thrown.js';

export interface ErrorFormat {
  readonly colour: boolean;
  readonly columns: number;
}

const maxShown = 6;
const longestShown = 4000;

/** An error as the terminal shows it: code and message, place with the line and a caret, hint, cause. */
export function formatError(error: unknown, format: ErrorFormat): string {
  const paint = painter(format.colour);
  // A Proxy may throw when it is asked what it is.
  if (!types.isProxy(error) && error instanceof UserErrorList) {
    const shown = error.errors.slice(0, maxShown).map((one) => formatError(one, format));
    const rest = error.errors.length - maxShown;
    if (rest > 0) shown.push(`and ${rest} more ${rest === 1 ? 'error' : 'errors'}.`);
    return [...shown, paint.red(error.message)].join('\n\n');
  }
  const safe = safeError(error);
  if (safe instanceof UserError) return formatOne(safe, format);
  const text = safe.stack ?? safe.message;
  return `${paint.red('Unexpected error')} (a defect of the program; please report it)\n${shown(text)}`;
}

function formatOne(error: UserError, { colour, columns }: ErrorFormat): string {
  const paint = painter(colour);
  const lines = [
    wrap(`${paint.red('Error')} ${paint.dim(`[${error.code}]`)} ${shown(error.message)}`, columns),
  ];
  if (error.place) lines.push(...formatPlace(error.place, columns, paint));
  if (error.hint) lines.push(wrap(`${paint.green('→')} ${shown(error.hint)}`, columns, '  '));
  for (const cause of causes(error))
    lines.push(wrap(paint.dim(`caused by: ${shown(cause)}`), columns, '  '));
  return lines.join('\n');
}

/** A text of any length and origin, as a terminal can show it. */
function shown(text: string): string {
  return visible(cutMiddle(text, longestShown));
}

function formatPlace(place: Place, columns: number, paint: Painter): string[] {
  const { file, line, column, excerpt } = place;
  const shortFile = shorter(file);
  const where = line === undefined ? shortFile : [shortFile, line, column ?? 1].join(':');
  const lines = [`  ${paint.cyan(visibleLine(where))}`];
  if (excerpt === undefined) return lines;
  const gutter = line === undefined ? '' : `${line} | `;
  const room = Math.max(20, columns - gutter.length - 3);
  const at = (column ?? 1) - 1;
  // A place far to the right is shown with what stands before it.
  const from = Math.max(0, at + Math.min(place.length ?? 1, 20) + 6 - room);
  const text = visible(excerpt.slice(from, from + room));
  const part = from > 0 ? `…${text.slice(1)}` : text;
  const length = Math.max(1, Math.min(place.length ?? 1, part.length - (at - from)));
  lines.push(`  ${paint.dim(gutter)}${part}`);
  lines.push(`  ${' '.repeat(gutter.length + at - from)}${paint.red('^'.repeat(length))}`);
  return lines;
}

function shorter(file: string): string {
  const fromHere = relative(process.cwd(), file);
  return fromHere !== '' && fromHere.length < file.length && file.startsWith('/') ? fromHere : file;
}

/** Of an error from {@link safeError}, whose causes end. */
function causes(error: Error): string[] {
  const found: string[] = [];
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    if (!error.message.includes(cause.message)) found.push(cause.message);
  }
  return found;
}

type Painter = Record<'red' | 'green' | 'cyan' | 'dim', (text: string) => string>;

function painter(colour: boolean): Painter {
  const with_ = (open: number, close: number) => (text: string) =>
    colour ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return { red: with_(31, 39), green: with_(32, 39), cyan: with_(36, 39), dim: with_(2, 22) };
}

/** Breaks lines between words; colour codes take no room. */
export function wrap(text: string, columns: number, indent = ''): string {
  const width = (word: string) => word.replace(/\u001b\[\d+m/g, '').length;
  return text
    .split('\n')
    .map((paragraph) => {
      const lines: string[] = [];
      let line = '';
      for (const word of paragraph.split(' ')) {
        if (line !== '' && indent.length + width(line) + 1 + width(word) > columns) {
          lines.push(line);
          line = word;
        } else {
          line = line === '' ? word : `${line} ${word}`;
        }
      }
      lines.push(line);
      return lines.map((one) => indent + one).join('\n');
    })
    .join('\n');
}
