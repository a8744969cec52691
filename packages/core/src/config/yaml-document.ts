import { Composer, LineCounter, Parser, Lexer, type Document } from 'yaml';

import type { Place } from '../contracts/error.js';
import {
  fileTooLarge,
  tooDeep,
  tooManyTokens,
  yamlSyntax,
} from '../errors/templates/configuration.js';

/** What one file may hold, so that every file is read or refused within a moment, whatever is in it. */
export const yamlLimits = {
  characters: 1_000_000,
  /** Words and punctuation: a value, a key, `-`, `:`, `[`, `&name`. Blanks and comments do not count. */
  tokens: 300_000,
  /** Values, with those that aliases repeat. */
  values: 100_000,
  levels: 60,
} as const;

/** Where a part of a text stands, from its offsets. */
export type Places = (start: number, end: number) => Place;

/**
 * Reads the one document of a YAML 1.2 text. Keys may repeat and aliases are not looked up: the library needs time that
 * grows with the square of their number.
 *
 * @throws UserError with the first syntax error, or where the text is beyond `yamlLimits`
 */
export function readDocument(
  text: string,
  file: string,
): { document: Document.Parsed; places: Places } {
  if (text.length > yamlLimits.characters) {
    throw fileTooLarge(file, text.length, yamlLimits.characters);
  }
  const lines = new LineCounter();
  const places = placesOf(text, file, lines);
  // A file of errors may have a million of them, and the stack of none is of interest.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    const composer = new Composer({ version: '1.2', uniqueKeys: false });
    const found = composer.compose(tokensOf(text, lines, places), true, text.length);
    const [document, second] = found as Iterable<Document.Parsed>;
    const problems = [...document!.errors, ...document!.warnings];
    // Those after the first one mostly follow from it.
    const first = problems.reduce((a, b) => (b.pos[0] < a.pos[0] ? b : a), problems[0]!);
    if (first) throw yamlSyntax(first.code, first.message, places(first.pos[0], first.pos[1]));
    if (second) {
      const [start] = second.range;
      throw yamlSyntax('MULTIPLE_DOCS', 'a second document begins', places(start, start + 1));
    }
    return { document: document!, places };
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** The tokens of a text as the composer takes them; one that is an error is the last. */
function* tokensOf(text: string, lines: LineCounter, places: Places) {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  let count = 0;
  let offset = 0;
  for (const lexeme of new Lexer().lex(text)) {
    if (!/^[\s#]/.test(lexeme) && ++count > yamlLimits.tokens) {
      throw tooManyTokens(yamlLimits.tokens, places(offset, offset + 1));
    }
    for (const token of parser.next(lexeme)) {
      yield token;
      if (token.type === 'error') return;
    }
    // Beside the levels, the stack holds the document and the scalar that is being read.
    if (parser.stack.length > yamlLimits.levels + 2) {
      throw tooDeep(yamlLimits.levels, places(offset, offset + 1));
    }
    if (!isMark(lexeme)) offset += lexeme.length;
  }
  yield* parser.end();
}

/** Whether a lexeme stands for no characters: the library's marks for "document", "scalar follows", "flow ends". */
function isMark(lexeme: string): boolean {
  return lexeme === '\x02' || lexeme === '\x1f' || lexeme === '\x18';
}

function placesOf(text: string, file: string, lines: LineCounter): Places {
  const source = text.split(/\r?\n/);
  return (start, end) => {
    const { line, col } = lines.linePos(start);
    const excerpt = source[line - 1];
    if (excerpt === undefined || line < 1)
      return { file, line: 1, column: 1, excerpt: source[0] ?? '' };
    const length = Math.max(1, Math.min(end - start, excerpt.length - (col - 1)));
    return { file, line, column: col, excerpt, length };
  };
}
