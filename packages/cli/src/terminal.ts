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
  return {
    columns: stream.isTTY && stream.columns > 0 ? stream.columns : 80,
    colour: stream.isTTY && !noColour && !dumb,
    live: stream.isTTY && !dumb,
  };
}

export type Paint = ReturnType<typeof picocolors.createColors>;

export function paintFor(terminal: Pick<Terminal, 'colour'>): Paint {
  return picocolors.createColors(terminal.colour);
}
