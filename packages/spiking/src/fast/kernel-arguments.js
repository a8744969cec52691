/**
 * A kernel's arguments in the heap: values by name to and from the words of its structure.
 */

/**
 * @typedef {import('./kernel-layouts.js').Layout} Layout
 *
 * The same words as integers and as floats.
 * @typedef {{ readonly integers: Int32Array, readonly floats: Float32Array }} Words
 *
 * @typedef {{ readonly [field: string]: number | NamedValues }} NamedValues
 */

/**
 * Writes values in the order of the layout; results are set to 0.
 *
 * @param {Layout} layout
 * @param {NamedValues} values
 * @param {Words} words
 * @param {number} [start] the structure's first word
 * @returns {number} the first word after the structure
 * @throws {Error} where a value is missing
 */
export function writeArguments(layout, values, words, start = 0) {
  let at = start;
  for (const [name, kind] of Object.entries(layout)) {
    const value = values[name];
    if (typeof kind === 'object') {
      at = writeArguments(kind, /** @type {NamedValues} */ (value), words, at);
    } else if (kind.endsWith(' result')) {
      words.integers[at++] = 0;
    } else if (typeof value !== 'number') {
      throw new Error(`Expected a number for the kernel's argument "${name}", received ${value}.`);
    } else if (kind.startsWith('float')) {
      words.floats[at++] = value;
    } else {
      words.integers[at++] = value;
    }
  }
  return at;
}

/**
 * Reads the results that are not in an inner structure.
 *
 * @param {Layout} layout
 * @param {Words} words
 * @returns {Record<string, number>}
 */
export function readResults(layout, { integers, floats }) {
  /** @type {Record<string, number>} */
  const results = {};
  let at = 0;
  for (const [name, kind] of Object.entries(layout)) {
    const word = at;
    at += wordsOf(kind);
    if (kind === 'int result') results[name] = /** @type {number} */ (integers[word]);
    if (kind === 'uint result') results[name] = /** @type {number} */ (integers[word]) >>> 0;
    if (kind === 'float result' || kind === 'float in-out') {
      results[name] = /** @type {number} */ (floats[word]);
    }
  }
  return results;
}

/** Words of a field or a structure. @param {Layout[string]} kind @returns {number} */
export function wordsOf(kind) {
  if (typeof kind === 'string') return 1;
  return Object.values(kind).reduce((/** @type {number} */ sum, inner) => sum + wordsOf(inner), 0);
}

/** Zeros for an inner structure that a kernel does not read. @template {Layout} L @param {L} layout */
export function zeros(layout) {
  const entries = Object.keys(layout).map((name) => [name, 0]);
  return /** @type {import('./kernel-layouts.js').Values<L>} */ (Object.fromEntries(entries));
}
