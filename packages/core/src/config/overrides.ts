import type { Place, UserError } from '../contracts/error.js';
import { overrideForm, unknownStageName } from '../errors/templates/configuration.js';
import { throwErrors, errorsOf } from '../errors/error-list.js';
import { child, entriesOf, withValue, type ConfigMap, type ConfigNode } from './node.js';
import { parseYaml } from './parse.js';

/** What places on the command line have in place of a file. */
export const commandLine = 'command line';

/**
 * Applies `stage.option=value`, `seed=3` and `preset=tuned` to an experiment; values are YAML.
 *
 * @throws UserErrorList when an override has another form or names a stage that does not exist
 */
export function applyOverrides(root: ConfigMap, overrides: readonly string[]): ConfigMap {
  const errors: UserError[] = [];
  let result = root;
  for (const text of overrides) {
    try {
      result = applyOverride(result, text);
    } catch (error) {
      errors.push(...errorsOf(error));
    }
  }
  throwErrors(errors);
  return result;
}

function applyOverride(root: ConfigMap, text: string): ConfigMap {
  const equals = text.indexOf('=');
  const path = text.slice(0, Math.max(0, equals)).split('.');
  const key: Place = { file: commandLine, column: 1, excerpt: text, length: Math.max(1, equals) };
  const whole = path.length === 1 && (path[0] === 'seed' || path[0] === 'preset');
  if (path.some((part) => part === '') || (path.length < 2 && !whole))
    throw overrideForm(text, key);
  const value = moved(parseYaml(text.slice(equals + 1), commandLine), text, equals + 1);
  if (whole) return withValue(root, path, value, key);
  const [stage, ...option] = path;
  const stages = entriesOf(child(root, 'stages')).map(([name]) => name);
  if (!stages.includes(stage!)) throw unknownStageName(stage!, stages, key, 'The override');
  return withValue(root, ['stages', stage!, 'options', ...option], value, key);
}

/** The node with its places counted in the whole override, not in its value alone. */
function moved(node: ConfigNode, text: string, by: number): ConfigNode {
  const place = movedPlace(node.place, text, by);
  switch (node.kind) {
    case 'scalar':
      return { ...node, place };
    case 'list':
      return { ...node, place, items: node.items.map((item) => moved(item, text, by)) };
    case 'map': {
      const entries = [...node.entries].map(
        ([name, { key, value }]) =>
          [name, { key: movedPlace(key, text, by), value: moved(value, text, by) }] as const,
      );
      return { ...node, place, entries: new Map(entries) };
    }
  }
}

function movedPlace({ column = 1, length = 1 }: Place, text: string, by: number): Place {
  return { file: commandLine, column: column + by, excerpt: text, length };
}
