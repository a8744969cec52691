import type { Place } from '../contracts/error.js';
import { errorsOf, Mistakes, throwErrors } from '../errors/error-list.js';
import {
  overrideExists,
  overrideForm,
  overrideMissing,
  unknownStageName,
} from '../errors/templates/configuration.js';
import {
  child,
  entriesOf,
  fromPlain,
  nodeAt,
  withoutValue,
  withValue,
  type ConfigMap,
} from './node.js';
import { readValue } from './override-values.js';
import { withSweep } from './sweep.js';

/** What places on the command line have in place of a file. */
export const commandLine = 'command line';

/** Keys of the file itself that an override may set; of these, `swept` ones take several values. */
const settings = ['seed', 'preset', 'goals', 'title', 'description', 'reporters'];
const swept = ['seed', 'preset'];

/**
 * Applies overrides to an experiment: `stage.option=value`, `seed=3`, `matrix.product.T=1,2`; `+stage={…}` adds what is
 * not there, `~stage.option` takes away what is. Several values for an option (`1,2,4`, `1..8`) become an axis.
 *
 * @throws UserErrorList when an override has another form or names what does not exist
 */
export function applyOverrides(root: ConfigMap, overrides: readonly string[]): ConfigMap {
  const errors = new Mistakes();
  let result = root;
  for (const text of overrides) {
    try {
      result = applyOverride(result, text);
    } catch (error) {
      errors.push(...errorsOf(error));
    }
  }
  throwErrors(errors.found);
  return result;
}

function applyOverride(root: ConfigMap, text: string): ConfigMap {
  const sign = /^[+~]/.exec(text)?.[0] ?? '';
  const equals = sign === '~' ? text.length : text.indexOf('=');
  const written = text.slice(sign.length, Math.max(sign.length, equals));
  const at = (offset: number, length: number): Place => ({
    file: commandLine,
    column: offset + 1,
    excerpt: text,
    length: Math.max(1, length),
  });
  const key = at(sign.length, written.length);
  const path = pathOf(root, written.split('.'), sign);
  if (!path) throw badPath(root, written, text, at(0, equals));
  const there = nodeAt(root, path) !== undefined;
  if (sign === '~') {
    if (!there) throw overrideMissing(written, siblings(root, path, written), key);
    return withoutValue(root, path);
  }
  if (sign === '+' && there) throw overrideExists(written, key);

  // A title is text, commas and all.
  const isText = path.length === 1 && ['title', 'description'].includes(path[0]!);
  const given = text.slice(equals + 1);
  const shift = (offset: number, length: number) => at(equals + 1 + offset, length);
  if (isText) return withValue(root, path, fromPlain(given, shift(0, given.length)), key);
  const { node, sweep } = readValue(given, shift);
  const isOption = path[0] === 'stages' && path[2] === 'options';
  if (sweep && path[0] !== 'seed' && (isOption || swept.includes(path[0]!))) {
    return withSweep(root, path, node, written);
  }
  return withValue(root, path, node, key);
}

/** The keys in the file that a path on the command line stands for; undefined where there is no such path. */
function pathOf(root: ConfigMap, parts: readonly string[], sign: string): string[] | undefined {
  const [first = '', ...rest] = parts;
  if (parts.includes('')) return undefined;
  const isStage = child(child(root, 'stages'), first) !== undefined;
  if (rest.length === 0) {
    if (settings.includes(first) && (sign !== '~' || !isStage || child(root, first)))
      return [first];
    if (sign === '~' && first === 'matrix' && !isStage) return ['matrix'];
    return sign === '' ? undefined : ['stages', first];
  }
  if (isStage) return ['stages', first, 'options', ...rest];
  return first === 'matrix' ? [...parts] : undefined;
}

function badPath(root: ConfigMap, written: string, text: string, place: Place) {
  const [stage = '', ...rest] = written.split('.');
  if (stage === '' || rest.length === 0 || rest.includes('')) return overrideForm(text, place);
  return unknownStageName(stage, stageNames(root), place, 'The override');
}

function siblings(root: ConfigMap, path: readonly string[], written: string): string[] {
  const before = written.split('.').slice(0, -1);
  const names = entriesOf(nodeAt(root, path.slice(0, -1))).map(([name]) => name);
  return names.map((name) => [...before, name].join('.'));
}

function stageNames(root: ConfigMap): string[] {
  return entriesOf(child(root, 'stages')).map(([name]) => name);
}
