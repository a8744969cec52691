import { terminalJson, terminalText } from '@privatesnn/core';
import picocolors from 'picocolors';

/** What one output stream can show. */
export interface Terminal {
  readonly columns: number;
  readonly colour: boolean;
  /** Whether lines can be drawn over. */
  readonly live: boolean;
}

/** Colour and live lines only on a terminal; NO_COLOR and TERM=dumb are respected. */
export function terminalOf(stream: NodeJS.WriteStream): Terminal {
  const dumb = process.env['TERM'] === 'dumb';
  const noColour = (process.env['NO_COLOR'] ?? '') !== '';
  // Of pipes and files it is undefined, whatever its type says.
  const isTerminal = Boolean(stream.isTTY);
  return {
    columns: isTerminal && stream.columns > 0 ? stream.columns : 80,
    colour: isTerminal && !noColour && !dumb,
    live: isTerminal && !dumb,
  };
}

export type Paint = ReturnType<typeof picocolors.createColors>;

export function paintFor(terminal: Pick<Terminal, 'colour'>): Paint {
  return picocolors.createColors(terminal.colour);
}

/** Writes text. Whatever it is made of, nothing in it acts on a terminal but the colours of this program. */
export function say(stream: NodeJS.WriteStream, text: string): void {
  stream.write(terminalText(text, terminalOf(stream).colour));
}

/** Writes a value as JSON, with the same care. */
export function sayJson(value: unknown, indent = 2): void {
  process.stdout.write(`${terminalJson(value, indent)}\n`);
}
