import type { z } from 'zod';

import type { UserError } from '../contracts/error.js';
import { maxMistakes } from '../errors/error-list.js';
import { nearest } from '../errors/suggest.js';
import {
  invalidValue,
  missingValue,
  unknownKey,
  wrongValue,
} from '../errors/templates/configuration.js';
import { nodeAt, placeAt, toPlain, type ConfigNode } from './node.js';

type Issue = z.core.$ZodIssue;

/** How an error names the value at a path: `option "epochs" of stage "train"`. */
export type Describe = (path: readonly PropertyKey[]) => string;

/** A schema's complaints about a node, each at the place of the value that it is about. */
export function issueErrors(
  issues: readonly Issue[],
  schema: z.core.$ZodType,
  node: ConfigNode,
  describe: Describe,
): UserError[] {
  const [unquoted, others] = splitUnquoted(issues, node);
  return [
    ...[...unquoted.values()].map((path) => unquotedItems(path, node, describe)),
    ...first(others).flatMap((issue) => issueError(issue, schema, node, describe)),
  ];
}

/** The lists in which several items should be text and are not, by path; and the other issues. */
function splitUnquoted(issues: readonly Issue[], node: ConfigNode) {
  const lists = new Map<string, readonly PropertyKey[]>();
  const counts = new Map<string, number>();
  const keyOf = (issue: Issue): string | undefined => {
    if (issue.code !== 'invalid_type' || issue.expected !== 'string') return undefined;
    const path = issue.path.slice(0, -1);
    const isItem = issue.path.length > 0 && nodeAt(node, path)?.kind === 'list';
    return isItem && nodeAt(node, issue.path)?.kind === 'scalar' ? JSON.stringify(path) : undefined;
  };
  for (const issue of issues) {
    const key = keyOf(issue);
    if (key === undefined) continue;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    if (counts.get(key)! > 1) lists.set(key, issue.path.slice(0, -1));
  }
  const others = issues.filter((issue) => !lists.has(keyOf(issue) ?? ''));
  return [lists, others] as const;
}

/** One error for all items of a list that should be text, with the list as it would be right. */
function unquotedItems(
  path: readonly PropertyKey[],
  node: ConfigNode,
  describe: Describe,
): UserError {
  const list = nodeAt(node, path)!;
  const items = toPlain(list) as readonly unknown[];
  const quoted = items.slice(0, 6).map((item) => JSON.stringify(String(item)));
  const rest = items.length > 6 ? ', …' : '';
  return wrongValue(
    capital(describe(path)),
    'a list of texts',
    show(items),
    placeAt(node, path),
    `Quote them: [${quoted.join(', ')}${rest}].`,
  );
}

function first<T>(mistakes: readonly T[]): readonly T[] {
  return mistakes.slice(0, maxMistakes);
}

function issueError(
  issue: Issue,
  schema: z.core.$ZodType,
  node: ConfigNode,
  describe: Describe,
): UserError[] {
  const { path } = issue;
  const here = nodeAt(node, path);
  const place = placeAt(node, path);
  const what = capital(describe(path));
  const received = here === undefined ? 'nothing' : show(toPlain(here));
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = keysAt(schema, path);
      return first(issue.keys).map((key) =>
        unknownKey(key, describe(path), known, keyPlace(node, path, key)),
      );
    }
    case 'invalid_type':
      if (here === undefined) return [missingValue(what, article(issue.expected), place)];
      return [wrongValue(what, article(issue.expected), received, place, quoteHint(issue, here))];
    case 'invalid_value': {
      const values = issue.values.map(show);
      const near = nearest(received, values);
      const expected = values.length === 1 ? values[0]! : `one of ${values.join(', ')}`;
      return [wrongValue(what, expected, received, place, near && `Did you mean ${near}?`)];
    }
    case 'too_small':
      return [
        wrongValue(what, bound(issue, issue.inclusive, '≥', '>', issue.minimum), received, place),
      ];
    case 'too_big':
      return [
        wrongValue(what, bound(issue, issue.inclusive, '≤', '<', issue.maximum), received, place),
      ];
    case 'not_multiple_of':
      return [wrongValue(what, `a multiple of ${issue.divisor}`, received, place)];
    case 'invalid_union': {
      const deeper = issue.errors.map((branch) => branch.filter((one) => one.path.length > 0));
      const matching = deeper.filter((branch) => branch.length > 0);
      if (matching.length === 1) {
        return first(matching[0]!).flatMap((one) =>
          issueError({ ...one, path: [...path, ...one.path] } as Issue, schema, node, describe),
        );
      }
      const kinds = issue.errors.flatMap((branch) => first(branch).map(expectation));
      const expected = kinds.length > 0 ? [...new Set(kinds)].join(', or ') : 'another value';
      return [wrongValue(what, expected, received, place)];
    }
    default:
      return [invalidValue(what, `${issue.message} (received ${received})`, place)];
  }
}

/** YAML makes a number of 0 and a truth of true; text needs quotes there. */
function quoteHint({ code, ...issue }: Issue, here: ConfigNode): string | undefined {
  const isText = code === 'invalid_type' && 'expected' in issue && issue.expected === 'string';
  if (!isText || here.kind !== 'scalar' || here.value === null) return undefined;
  return `Put it in quotes: ${JSON.stringify(String(here.value))}.`;
}

function expectation(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return article(issue.expected);
    case 'invalid_value':
      return issue.values.map(show).join(' or ');
    default:
      return issue.message;
  }
}

function bound(
  issue: { origin: string },
  inclusive: boolean | undefined,
  with_: string,
  without: string,
  limit: number | bigint,
): string {
  const sign = inclusive === false ? without : with_;
  switch (issue.origin) {
    case 'string':
      return `text of ${sign} ${limit} characters`;
    case 'array':
    case 'set':
      return `a list of ${sign} ${limit} items`;
    default:
      return `a number ${sign} ${limit}`;
  }
}

function keyPlace(node: ConfigNode, path: readonly PropertyKey[], key: string) {
  const map = nodeAt(node, path);
  return (map?.kind === 'map' ? map.entries.get(key)?.key : undefined) ?? placeAt(node, path);
}

/** The keys that a schema allows at a path. */
function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  const inner = unwrap(schema);
  const def = inner._zod.def as {
    type: string;
    shape?: Record<string, z.core.$ZodType>;
    element?: z.core.$ZodType;
    valueType?: z.core.$ZodType;
    options?: readonly z.core.$ZodType[];
  };
  if (def.type === 'union') return [...new Set(def.options!.flatMap((one) => keysAt(one, path)))];
  const [step, ...rest] = path;
  if (step === undefined) return Object.keys(def.shape ?? {});
  const next = def.shape?.[String(step)] ?? def.element ?? def.valueType;
  return next ? keysAt(next, rest) : [];
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  const def = schema._zod.def as { innerType?: z.core.$ZodType; in?: z.core.$ZodType };
  const inner = def.innerType ?? def.in;
  return inner ? unwrap(inner) : schema;
}

const articles: Readonly<Record<string, string>> = {
  number: 'a number',
  int: 'a whole number',
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'a map',
  record: 'a map',
  null: 'nothing',
};

function article(type: string): string {
  return articles[type] ?? type;
}

/** A value as an error shows it: short, in one line. */
export function show(value: unknown): string {
  if (Array.isArray(value) && value.length > 6) return `a list of ${value.length} items`;
  if (typeof value === 'number') return String(value);
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
