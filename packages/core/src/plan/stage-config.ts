import type { z } from 'zod';

import type { Place } from '../contracts/error.js';
import type { AnyStage } from '../contracts/plugin.js';
import { issueErrors } from '../config/issues.js';
import { mergeNodes } from '../config/merge.js';
import { child, entriesOf, fromPlain, placeAt, toPlain, type ConfigNode } from '../config/node.js';
import { stageSchema } from '../config/schema.js';
import { canonicalJson } from '../cache/canonical.js';
import { errorsOf, type MistakeList } from '../errors/error-list.js';
import { ownOr } from '../errors/own.js';
import { unknownInput, unknownPreset } from '../errors/templates/configuration.js';
import { optionsFailed } from '../errors/templates/plugins.js';
import { stageName } from '../errors/templates/run.js';
import type { Declared, Registry } from '../plugins/registry.js';

/** A stage as the file has it, with its definition found and its options resolved. */
export interface ConfiguredStage {
  readonly name: string;
  readonly place: Place;
  readonly node: ConfigNode;
  readonly declared: Declared<AnyStage>;
  readonly options: unknown;
  /** Where the file gives each option that it gives. */
  readonly optionPlaces: Readonly<Record<string, Place>>;
}

/**
 * Finds a stage's definition and resolves its options: the schema's defaults, over them the preset's options where
 * the stage has that preset, over them the file's. A preset that the stage itself names must exist, and so must the
 * inputs that it connects.
 *
 * @param preset the preset of the whole file
 * @param job for errors
 * @returns undefined, with `errors` filled, where its definition is not found; other mistakes fill `errors`, too
 */
export function configureStage(
  name: string,
  node: ConfigNode,
  key: Place,
  registry: Registry,
  preset: string | undefined,
  job: string,
  errors: MistakeList,
): ConfiguredStage | undefined {
  const form = stageSchema.safeParse(toPlain(node));
  if (!form.success) {
    errors.push(
      ...issueErrors(form.error.issues, stageSchema, node, (path) =>
        path.length === 0 ? `stage "${name}"` : `"${path.join('.')}" of stage "${name}"`,
      ),
    );
  }
  // What can be told of a stage of the wrong form is told together with that.
  const use = textAt(node, 'use');
  if (!use) return undefined;
  let declared: Declared<AnyStage>;
  try {
    declared = registry.stage(use.value, use.place);
  } catch (error) {
    errors.push(...errorsOf(error));
    return undefined;
  }
  const { presets = {}, inputs } = declared.definition;
  const own = textAt(node, 'preset');
  if (own && !Object.hasOwn(presets, own.value)) {
    errors.push(unknownPreset(own.value, use.value, Object.keys(presets), own.place));
  }
  for (const [port, { key }] of entriesOf(child(node, 'inputs'))) {
    if (Object.hasOwn(inputs, port)) continue;
    errors.push(unknownInput(name, declared.definition.id, port, Object.keys(inputs), key));
  }
  const base = ownOr(presets, own?.value ?? preset, undefined);
  const written = child(node, 'options');
  const given = written?.kind === 'map' ? written : undefined;
  const options = resolveOptions(
    declared.definition.options,
    base && given ? mergeNodes(fromPlain(base, key), given) : base ? fromPlain(base, key) : given,
    key,
    {
      name: `stage "${name}" (${use.value})`,
      whole: stageName(name, declared.definition.id, declared.plugin.name, [job]),
    },
    errors,
  );
  const optionPlaces = Object.fromEntries(
    entriesOf(given).map(([option]) => [option, placeAt(given!, [option])]),
  );
  return { name, place: key, node, declared, options, optionPlaces };
}

function textAt(node: ConfigNode, key: string): { value: string; place: Place } | undefined {
  const found = child(node, key);
  return found?.kind === 'scalar' && typeof found.value === 'string' && found.value !== ''
    ? { value: found.value, place: found.place }
    : undefined;
}

/** How errors name a stage or a reporter: one that the user can mend, and one that its plugin has to. */
export interface OptionsOwner {
  readonly name: string;
  /** With plugin and job. */
  readonly whole: string;
}

/** Options after the schema has filled in its defaults; undefined, with `errors` filled, where they do not fit. */
export function resolveOptions(
  schema: z.ZodType,
  node: ConfigNode | undefined,
  place: Place,
  owner: OptionsOwner,
  errors: MistakeList,
): unknown {
  const given: ConfigNode = node ?? { kind: 'map', entries: new Map(), place };
  let issues;
  try {
    const parsed = schema.safeParse(toPlain(given));
    if (parsed.success) {
      // Throws where a schema makes something of the options that has no text, and so no key.
      canonicalJson(parsed.data);
      return parsed.data;
    }
    issues = parsed.error.issues;
  } catch (error) {
    errors.push(optionsFailed(owner.whole, error, place));
    return undefined;
  }
  errors.push(
    ...issueErrors(issues, schema, given, (path) =>
      path.length === 0
        ? `the options of ${owner.name}`
        : `option "${path.join('.')}" of ${owner.name}`,
    ),
  );
  return undefined;
}
