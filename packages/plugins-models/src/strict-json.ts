import jsonc from 'jsonc-parser';

/** As deep as serde_json, which the reference reader of safetensors uses, goes. */
const maxDepth = 127;

/**
 * Parses JSON, and refuses what `JSON.parse` passes over: a key that stands twice in an object (the last would win),
 * numbers beyond a double's range, text that is not Unicode, nesting deeper than 127 levels.
 *
 * @param wholeNumbers refuses numbers with a point or an exponent, 1.0 as well
 * @throws SyntaxError with the line and column
 */
export function parseJson(text: string, { wholeNumbers = false } = {}): unknown {
  const value: unknown = JSON.parse(text);
  const open: Set<string>[] = [];
  let depth = 0;
  const refuse = (what: string, line: number, column: number): never => {
    throw new SyntaxError(`${what} (line ${line + 1}, column ${column + 1})`);
  };
  const enter = (_offset: number, _length: number, line: number, column: number): void => {
    if (++depth > maxDepth) refuse(`it is nested more than ${maxDepth} levels deep`, line, column);
  };
  jsonc.visit(text, {
    onObjectBegin(offset, length, line, column) {
      enter(offset, length, line, column);
      open.push(new Set());
    },
    onObjectProperty(name, _offset, _length, line, column) {
      const keys = open.at(-1)!;
      if (keys.has(name)) refuse(`the key "${name}" stands twice`, line, column);
      if (/\p{Surrogate}/u.test(name)) refuse('a key is not Unicode text', line, column);
      keys.add(name);
    },
    onObjectEnd() {
      depth--;
      open.pop();
    },
    onArrayBegin: enter,
    onArrayEnd: () => depth--,
    onLiteralValue(literal, offset, length, line, column) {
      if (typeof literal === 'string' && /\p{Surrogate}/u.test(literal)) {
        refuse('a text is not Unicode', line, column);
      }
      if (typeof literal !== 'number') return;
      const written = text.slice(offset, offset + length);
      if (!Number.isFinite(literal)) refuse(`the number ${written} is too large`, line, column);
      if (wholeNumbers && !/^-?[1-9]\d*$|^0$/.test(written)) {
        refuse(`the number ${written} is not written as a whole number`, line, column);
      }
    },
  });
  return value;
}
