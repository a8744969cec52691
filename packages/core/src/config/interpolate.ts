import type { UserError } from '../contracts/error.js';
import { unknownAxis } from '../errors/templates/configuration.js';
import { fromPlain, type ConfigNode } from './node.js';

const whole = /^\$\{([^{}]*)\}$/;
const inside = /\$\{([^{}]*)\}/g;

/** A cell of the matrix: its value on each axis. */
export type Axes = Readonly<Record<string, unknown>>;

/**
 * Fills `${axis}` in every string of a node. A string that is nothing but `${axis}` becomes the axis's value
 * with its type; inside a longer string the value is written out. Unknown names are added to `errors`.
 */
export function interpolate(node: ConfigNode, axes: Axes, errors: UserError[]): ConfigNode {
  switch (node.kind) {
    case 'list':
      return { ...node, items: node.items.map((item) => interpolate(item, axes, errors)) };
    case 'map':
      return {
        ...node,
        entries: new Map(
          [...node.entries].map(([key, entry]) => [
            key,
            { key: entry.key, value: interpolate(entry.value, axes, errors) },
          ]),
        ),
      };
    case 'scalar': {
      if (typeof node.value !== 'string' || !node.value.includes('${')) return node;
      const only = whole.exec(node.value)?.[1]?.trim();
      if (only !== undefined && Object.hasOwn(axes, only)) {
        return fromPlain(axes[only], node.place);
      }
      return {
        ...node,
        value: fillTemplate(node.value, axes, (name) => {
          errors.push(unknownAxis(name, Object.keys(axes), node.place));
        }),
      };
    }
  }
}

/** The text with every `${axis}` written out; `onUnknown` hears of names that are no axis. */
export function fillTemplate(text: string, axes: Axes, onUnknown: (name: string) => void): string {
  return text.replace(inside, (match, inner: string) => {
    const name = inner.trim();
    if (Object.hasOwn(axes, name)) return writeOut(axes[name]);
    onUnknown(name);
    return match;
  });
}

/** An axis value as text: strings as they are, anything else as JSON. */
export function writeOut(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
