import { isAlias, isMap, isScalar, isSeq, type Alias, type Node, type YAMLMap } from 'yaml';

import type { Place } from '../contracts/error.js';
import { Mistakes, throwErrors } from '../errors/error-list.js';
import {
  forbiddenKey,
  tooDeep,
  tooManyValues,
  unusableKey,
  yamlSyntax,
} from '../errors/templates/configuration.js';
import type { ConfigEntry, ConfigNode } from './node.js';
import { readDocument, yamlLimits, type Places } from './yaml-document.js';

const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Reads YAML 1.2 into nodes that know their places. Aliases of one anchor share its node.
 *
 * @throws UserError with the first syntax error of the text or the limit that it breaks, or UserErrorList with every
 *   key and alias that is not allowed
 */
export function parseYaml(text: string, file: string): ConfigNode {
  const { document, places } = readDocument(text, file);
  const errors = new Mistakes();
  const root = converter(places, errors)(document.contents, places(0, 1));
  throwErrors(errors.found);
  return root.node;
}

/** A node with what it unfolds to when aliases are replaced by what they stand for. */
interface Unfolded {
  readonly node: ConfigNode;
  readonly values: number;
  readonly levels: number;
}

function converter(places: Places, errors: Mistakes) {
  const anchors = new Map<string, Unfolded>();
  const open = new Set<string>();
  const placeOf = ({ range }: Node, fallback: Place): Place =>
    range ? places(range[0], Math.max(range[1], range[0] + 1)) : fallback;

  /** @param fallback the place of a value that stands nowhere, as after `key:` */
  function convert(node: Node | null, fallback: Place): Unfolded {
    if (node && isAlias(node)) return resolve(node, placeOf(node, fallback));
    const place = node ? placeOf(node, fallback) : fallback;
    const anchor = (node as { anchor?: string } | null)?.anchor;
    if (anchor !== undefined) open.add(anchor);
    const unfolded = unfold(node, place);
    if (unfolded.values > yamlLimits.values) throw tooManyValues(yamlLimits.values, place);
    if (unfolded.levels > yamlLimits.levels) throw tooDeep(yamlLimits.levels, place);
    if (anchor !== undefined) {
      open.delete(anchor);
      anchors.set(anchor, unfolded);
    }
    return unfolded;
  }

  function resolve({ source }: Alias, place: Place): Unfolded {
    const target = open.has(source) ? undefined : anchors.get(source);
    if (target) return target;
    const why = open.has(source)
      ? `*${source} stands within what &${source} names`
      : `*${source} has no anchor &${source} before it`;
    errors.push(yamlSyntax('BAD_ALIAS', why, place));
    return { node: { kind: 'scalar', value: null, place }, values: 1, levels: 0 };
  }

  function unfold(node: Node | null, place: Place): Unfolded {
    if (isMap(node)) {
      const entries = entriesOf(node as YAMLMap<Node | null, Node | null>, place);
      const parts = [...entries.values()].map(({ value }) => value);
      const kept = new Map<string, ConfigEntry>();
      for (const [name, { key, value }] of entries) kept.set(name, { key, value: value.node });
      return around({ kind: 'map', entries: kept, place }, parts);
    }
    if (isSeq(node)) {
      const parts: Unfolded[] = [];
      for (const item of node.items as (Node | null)[]) parts.push(convert(item, place));
      return around({ kind: 'list', items: parts.map((part) => part.node), place }, parts);
    }
    return { node: { kind: 'scalar', value: valueOf(node), place }, values: 1, levels: 0 };
  }

  function entriesOf(map: YAMLMap<Node | null, Node | null>, around: Place) {
    const entries = new Map<string, { key: Place; value: Unfolded }>();
    for (const pair of map.items) {
      const key = pair.key ? placeOf(pair.key, around) : around;
      const value = convert(pair.value, key);
      const name = isScalar(pair.key) ? pair.key.value : undefined;
      if (typeof name !== 'string' && typeof name !== 'number') {
        errors.push(unusableKey(key));
      } else if (forbiddenKeys.has(String(name))) {
        errors.push(forbiddenKey(String(name), key));
      } else if (entries.has(String(name))) {
        const twice = `the key "${name}" stands in this map already`;
        errors.push(yamlSyntax('DUPLICATE_KEY', twice, key));
      } else {
        entries.set(String(name), { key, value });
      }
    }
    return entries;
  }

  return convert;
}

function around(node: ConfigNode, parts: readonly Unfolded[]): Unfolded {
  let [values, levels] = [1, 0];
  for (const part of parts) {
    values += part.values;
    levels = Math.max(levels, part.levels);
  }
  return { node, values, levels: levels + 1 };
}

function valueOf(node: Node | null): string | number | boolean | null {
  const value = isScalar(node) ? node.value : null;
  return value === null || typeof value === 'number' || typeof value === 'boolean'
    ? value
    : String(value);
}
