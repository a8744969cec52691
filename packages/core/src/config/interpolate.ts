import type { Place } from '../contracts/error.js';
import type { MistakeList } from '../errors/error-list.js';
import { longText, tooManyFilled, unknownAxis } from '../errors/templates/configuration.js';
import { fromPlain, sizeOf, type ConfigNode } from './node.js';

const whole = /^\$\{([^{}]*)\}$/;
const inside = /\$\{([^{}]*)\}/g;

/** A cell of the matrix: its value on each axis. */
export type Axes = Readonly<Record<string, unknown>>;

/** What filling in the cells' values may come to. */
export const fillLimits = {
  /** Values of all jobs together in which an axis is named; jobs with the same values share them. */
  values: 1_000_000,
  /** Characters of one text. */
  text: 10_000,
} as const;

/**
 * A function that fills `${axis}` in every string of a node, for one cell after the other. A string that is nothing but
 * `${axis}` becomes the axis's value with its type; inside a longer string the value is written out. Unknown names are
 * added to `errors`. Cells with the same values on the axes that a node names get the same result.
 *
 * @throws UserError where more would be filled in than `fillLimits` allow
 */
export function interpolator(errors: MistakeList): (node: ConfigNode, axes: Axes) => ConfigNode {
  const namesIn = new Map<ConfigNode, readonly string[]>();
  const made = new Map<ConfigNode, Map<string, ConfigNode>>();
  let values = 0;
  return (node, axes) => {
    const names = namesIn.get(node) ?? [...axisNames(node)];
    namesIn.set(node, names);
    if (names.length === 0) return node;
    const known = made.get(node) ?? new Map<string, ConfigNode>();
    made.set(node, known);
    const key = names.map((name) => keyOf(axes[name])).join();
    const before = known.get(key);
    if (before) return before;
    const filled = fill(node, axes, errors, (count, place) => {
      values += count;
      if (values > fillLimits.values) throw tooManyFilled(fillLimits.values, place);
    });
    known.set(key, filled);
    return filled;
  };
}

/** Tells how many values are about to be made. */
type Count = (values: number, place: Place) => void;

function fill(node: ConfigNode, axes: Axes, errors: MistakeList, count: Count): ConfigNode {
  count(1, node.place);
  switch (node.kind) {
    case 'list':
      return { ...node, items: node.items.map((item) => fill(item, axes, errors, count)) };
    case 'map':
      return {
        ...node,
        entries: new Map(
          [...node.entries].map(([key, entry]) => [
            key,
            { key: entry.key, value: fill(entry.value, axes, errors, count) },
          ]),
        ),
      };
    case 'scalar': {
      if (typeof node.value !== 'string' || !node.value.includes('${')) return node;
      const only = whole.exec(node.value)?.[1]?.trim();
      if (only !== undefined && Object.hasOwn(axes, only)) {
        count(sizeOf(axes[only]), node.place);
        return fromPlain(axes[only], node.place);
      }
      const value = fillTemplate(node.value, axes, node.place, (name) => {
        errors.push(unknownAxis(name, Object.keys(axes), node.place));
      });
      // Text takes room, too.
      count(Math.ceil(value.length / 100), node.place);
      return { ...node, value };
    }
  }
}

/**
 * The text with every `${axis}` written out; `onUnknown` hears once of each name that is no axis.
 *
 * @throws UserError where the text becomes longer than `fillLimits` allow
 */
export function fillTemplate(
  text: string,
  axes: Axes,
  place: Place,
  onUnknown: (name: string) => void,
): string {
  const unknown = new Set<string>();
  let length = text.length;
  return text.replace(inside, (match, inner: string) => {
    const name = inner.trim();
    if (Object.hasOwn(axes, name)) {
      const written = writeOut(axes[name]);
      length += written.length - match.length;
      if (length > fillLimits.text) throw longText(fillLimits.text, place);
      return written;
    }
    if (!unknown.has(name)) onUnknown(name);
    unknown.add(name);
    return match;
  });
}

/** An axis value as text: strings as they are, anything else as JSON. */
export function writeOut(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function axisNames(node: ConfigNode, names = new Set<string>()): Set<string> {
  switch (node.kind) {
    case 'list':
      for (const item of node.items) axisNames(item, names);
      break;
    case 'map':
      for (const { value } of node.entries.values()) axisNames(value, names);
      break;
    case 'scalar':
      if (typeof node.value === 'string') {
        for (const [, inner] of node.value.matchAll(inside)) names.add(inner!.trim());
      }
  }
  return names;
}

const numbers = new WeakMap<object, number>();
let next = 0;

/** Equal for equal numbers and texts, and for the same list or map. */
function keyOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) {
    return typeof value === 'string' ? JSON.stringify(value) : String(value);
  }
  const number = numbers.get(value) ?? next++;
  numbers.set(value, number);
  return `#${number}`;
}
