import type { Place } from '../contracts/error.js';

/** A value of a configuration file that knows where it stands. */
export type ConfigNode = ConfigScalar | ConfigList | ConfigMap;

export interface ConfigScalar {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  readonly place: Place;
}

export interface ConfigList {
  readonly kind: 'list';
  readonly items: readonly ConfigNode[];
  readonly place: Place;
}

export interface ConfigMap {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, ConfigEntry>;
  readonly place: Place;
}

export interface ConfigEntry {
  /** Where the key stands. */
  readonly key: Place;
  readonly value: ConfigNode;
}

/** The value without positions. */
export function toPlain(node: ConfigNode): unknown {
  switch (node.kind) {
    case 'scalar':
      return node.value;
    case 'list':
      return node.items.map(toPlain);
    case 'map':
      return Object.fromEntries([...node.entries].map(([key, { value }]) => [key, toPlain(value)]));
  }
}

/** The node of a plain value, all of it at one place. */
export function fromPlain(value: unknown, place: Place): ConfigNode {
  if (Array.isArray(value)) {
    return { kind: 'list', items: value.map((item) => fromPlain(item, place)), place };
  }
  if (typeof value === 'object' && value !== null) {
    const entries = new Map(
      Object.entries(value).map(([key, item]) => [
        key,
        { key: place, value: fromPlain(item, place) },
      ]),
    );
    return { kind: 'map', entries, place };
  }
  return { kind: 'scalar', value: value as ConfigScalar['value'], place };
}

/** How many values a plain value is, with all that it holds. */
export function sizeOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  let size = 1;
  for (const item of Object.values(value)) size += sizeOf(item);
  return size;
}

/** The child under a key, or undefined where the node is no map or lacks it. */
export function child(node: ConfigNode | undefined, key: string): ConfigNode | undefined {
  return node?.kind === 'map' ? node.entries.get(key)?.value : undefined;
}

/** The entries of a map; none for anything else. */
export function entriesOf(
  node: ConfigNode | undefined,
): readonly (readonly [string, ConfigEntry])[] {
  return node?.kind === 'map' ? [...node.entries] : [];
}

/** The place of the value at a path, or of the nearest thing around it that exists. */
export function placeAt(node: ConfigNode, path: readonly PropertyKey[]): Place {
  let current: ConfigNode = node;
  let place = node.place;
  for (const step of path) {
    if (current.kind === 'map') {
      const entry = current.entries.get(String(step));
      if (!entry) return place;
      place = entry.value.kind === 'scalar' ? entry.value.place : entry.key;
      current = entry.value;
    } else if (current.kind === 'list') {
      const item: ConfigNode | undefined = current.items[Number(step)];
      if (!item) return place;
      place = item.place;
      current = item;
    } else {
      return place;
    }
  }
  return place;
}

/** The node at a path, or undefined. */
export function nodeAt(node: ConfigNode, path: readonly PropertyKey[]): ConfigNode | undefined {
  let current: ConfigNode | undefined = node;
  for (const step of path) {
    if (current?.kind === 'map') current = current.entries.get(String(step))?.value;
    else if (current?.kind === 'list') current = current.items[Number(step)];
    else return undefined;
  }
  return current;
}

/** The map without what stands at a path of keys. */
export function withoutValue(map: ConfigMap, path: readonly string[]): ConfigMap {
  const [first, ...rest] = path;
  const old = first === undefined ? undefined : map.entries.get(first);
  if (first === undefined || !old) return map;
  const entries = new Map(map.entries);
  if (rest.length === 0) entries.delete(first);
  else if (old.value.kind === 'map') {
    entries.set(first, { key: old.key, value: withoutValue(old.value, rest) });
  }
  return { ...map, entries };
}

/** The map with one value set at a path of keys; maps on the way are made where they are missing. */
export function withValue(
  map: ConfigMap,
  path: readonly string[],
  value: ConfigNode,
  key: Place,
): ConfigMap {
  const [first, ...rest] = path;
  if (first === undefined) return map;
  const old = map.entries.get(first);
  const inner: ConfigMap =
    old?.value.kind === 'map' ? old.value : { kind: 'map', entries: new Map(), place: key };
  const next = rest.length === 0 ? value : withValue(inner, rest, value, key);
  const entries = new Map(map.entries);
  entries.set(first, { key: old?.key ?? key, value: next });
  return { ...map, entries };
}
