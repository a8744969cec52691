import { UserError, type Place } from '../contracts/error.js';
import { errorsOf, throwErrors } from '../errors/error-list.js';
import { rangeForm } from '../errors/templates/configuration.js';
import { matrixLimits } from './matrix.js';
import type { ConfigNode } from './node.js';
import { parseYaml } from './parse.js';

/** The value of an override: one, or several that are tried one after the other. */
export interface OverrideValue {
  readonly node: ConfigNode;
  /** Whether `node` is a list of values, each for jobs of its own. */
  readonly sweep: boolean;
}

/**
 * Reads what stands after `=`: YAML; or several values with commas between them, of which each may be a range of
 * numbers: `4,8`, `1..5`, `0..100..25`. A list as one value has brackets, and text with a comma has quotes.
 *
 * @param at where a part of the text stands, from its offset and length
 */
export function readValue(text: string, at: At): OverrideValue {
  const parts = splitAtCommas(text);
  const items = parts.flatMap(({ offset, part }): ConfigNode[] => {
    const place = at(offset, part.length);
    const numbers = rangeOf(part.trim(), place);
    if (!numbers) return [readPart(part, at, offset)];
    return numbers.map((value) => ({ kind: 'scalar', value, place }));
  });
  const sweep = parts.length > 1 || isRange(text.trim());
  if (!sweep) return { node: items[0]!, sweep };
  return { node: { kind: 'list', items, place: at(0, text.length) }, sweep };
}

const number = String.raw`[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?`;
const range = new RegExp(`^(${number})\\.\\.(${number})(?:\\.\\.(${number}))?$`);

function isRange(text: string): boolean {
  return range.test(text);
}

/** The numbers of `first..last` or `first..last..step`, both ends included; undefined for other text. */
function rangeOf(text: string, place: Place): number[] | undefined {
  const found = range.exec(text);
  if (!found) return undefined;
  const [first, last] = [Number(found[1]), Number(found[2])];
  const step = found[3] === undefined ? Math.sign(last - first) || 1 : Number(found[3]);
  if (step === 0 || (last - first) / step < 0) {
    throw rangeForm(text, `never gets from ${first} to ${last}`, place);
  }
  // The last one counts although decimal steps do not add up to it exactly.
  const count = Math.floor((last - first) / step + 1e-9) + 1;
  if (!(count <= matrixLimits.cells)) {
    throw rangeForm(text, `has more than ${matrixLimits.cells} numbers`, place);
  }
  return Array.from({ length: count }, (_, index) =>
    Number((first + index * step).toPrecision(12)),
  );
}

/** The parts between commas that stand in no brackets and no quotes. */
function splitAtCommas(text: string): { offset: number; part: string }[] {
  const parts: { offset: number; part: string }[] = [];
  let depth = 0;
  let quote = '';
  let start = 0;
  const end = (at: number) => parts.push({ offset: start, part: text.slice(start, at) });
  for (let at = 0; at < text.length; at++) {
    const sign = text[at]!;
    if (quote !== '') {
      const escaped = quote === '"' ? sign === '\\' : sign === quote && text[at + 1] === quote;
      if (escaped) at++;
      else if (sign === quote) quote = '';
    } else if (sign === ',' && depth === 0) {
      end(at);
      start = at + 1;
    } else if (`"'`.includes(sign) && (at === start || /[\s,:[{]/.test(text[at - 1]!))) {
      quote = sign;
    } else if ('[{'.includes(sign)) depth++;
    else if (']}'.includes(sign)) depth--;
  }
  end(text.length);
  return parts;
}

type At = (offset: number, length: number) => Place;

/** One value as YAML, its places and those of its errors counted in the whole text. */
function readPart(part: string, at: At, by: number): ConfigNode {
  const placeOf = ({ column = 1, length = 1 }: Place) => at(column - 1 + by, length);
  try {
    return moved(parseYaml(part, at(0, 1).file), placeOf);
  } catch (error) {
    const moving = errorsOf(error).map(({ errorClass, code, message, hint, place }) => {
      const details = { ...(hint ? { hint } : {}), ...(place ? { place: placeOf(place) } : {}) };
      return new UserError(errorClass, code, message, details);
    });
    throwErrors(moving);
    throw error;
  }
}

function moved(node: ConfigNode, placeOf: (place: Place) => Place): ConfigNode {
  const place = placeOf(node.place);
  switch (node.kind) {
    case 'scalar':
      return { ...node, place };
    case 'list':
      return { ...node, place, items: node.items.map((item) => moved(item, placeOf)) };
    case 'map': {
      const entries = [...node.entries].map(
        ([name, { key, value }]) =>
          [name, { key: placeOf(key), value: moved(value, placeOf) }] as const,
      );
      return { ...node, place, entries: new Map(entries) };
    }
  }
}
