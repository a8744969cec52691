import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
} from 'yaml';

import { UserError, type Place } from '../contracts/error.js';
import { throwErrors } from '../errors/error-list.js';
import {
  aliasBomb,
  fileTooLarge,
  forbiddenKey,
  unusableKey,
  yamlSyntax,
} from '../errors/templates/configuration.js';
import type { ConfigEntry, ConfigNode } from './node.js';

const maxBytes = 1_000_000;
const maxNodes = 100_000;
const maxDepth = 60;
const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Reads YAML 1.2 into nodes that know their places.
 *
 * @throws UserError with the first syntax error of the text, or UserErrorList with every key and alias that is not allowed
 */
export function parseYaml(text: string, file: string): ConfigNode {
  if (text.length > maxBytes) throw fileTooLarge(file, text.length, maxBytes);
  const lines = new LineCounter();
  const places = placesOf(text, file, lines);
  const document = parseDocument(text, {
    version: '1.2',
    lineCounter: lines,
    prettyErrors: false,
    keepSourceTokens: false,
    stringKeys: false,
  });
  // Those after the first one mostly follow from it.
  const [first] = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0]);
  if (first) throw yamlSyntax(first.code, first.message, places(first.pos[0], first.pos[1]));
  return convert(document, places);
}

type Places = (start: number, end: number) => Place;

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

function convert(document: Document.Parsed, places: Places): ConfigNode {
  let nodes = 0;
  const errors: UserError[] = [];
  const start = places(0, 1);
  const placeOf = (node: Node | null): Place =>
    node?.range ? places(node.range[0], Math.max(node.range[1], node.range[0] + 1)) : start;

  const visit = (node: unknown, depth: number, fallback: Place): ConfigNode => {
    if (++nodes > maxNodes || depth > maxDepth) throw aliasBomb(fallback, maxNodes, maxDepth);
    if (isAlias(node)) {
      const place = placeOf(node);
      const target = node.resolve(document);
      if (target) return visit(target, depth + 1, place);
      const missing = `*${node.source} has no anchor &${node.source} before it`;
      errors.push(yamlSyntax('BAD_ALIAS', missing, place));
    }
    if (isMap(node)) {
      const place = placeOf(node);
      const entries = new Map<string, ConfigEntry>();
      for (const pair of node.items) {
        if (!isPair(pair)) continue;
        const key = placeOf(pair.key as Node | null);
        const name = isScalar(pair.key) ? pair.key.value : undefined;
        if (typeof name !== 'string' && typeof name !== 'number') errors.push(unusableKey(key));
        else if (forbiddenKeys.has(String(name))) errors.push(forbiddenKey(String(name), key));
        else entries.set(String(name), { key, value: visit(pair.value, depth + 1, key) });
      }
      return { kind: 'map', entries, place };
    }
    if (isSeq(node)) {
      const place = placeOf(node);
      return {
        kind: 'list',
        items: node.items.map((item) => visit(item, depth + 1, place)),
        place,
      };
    }
    const place = isScalar(node) ? placeOf(node) : fallback;
    const value = isScalar(node) ? node.value : null;
    if (
      value === null ||
      typeof value === 'string' ||
      typeof value === 'number' ||
      typeof value === 'boolean'
    ) {
      return { kind: 'scalar', value, place };
    }
    return { kind: 'scalar', value: String(value), place };
  };

  const root = visit(document.contents, 0, start);
  throwErrors(errors);
  return root;
}
