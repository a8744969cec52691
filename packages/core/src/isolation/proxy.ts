import { z } from 'zod';

import { canonicalJson } from '../cache/canonical.js';
import type { Place, UserError } from '../contracts/error.js';
import type { AnyStage, Plugin } from '../contracts/plugin.js';
import { token } from '../contracts/token.js';
import { throwErrors } from '../errors/error-list.js';
import {
  badAnswer,
  isolatedReporter,
  isolatedService,
  readsFiles,
} from '../errors/templates/isolation.js';
import { badDefinition } from '../errors/templates/plugins.js';
import { safeError } from '../errors/thrown.js';
import {
  descriptionSchema,
  factsSchema,
  parsedSchema,
  toldMistakes,
  type Facts,
  type StageDescription,
} from './answers.js';
import { ask, ToldError } from './ask.js';
import type { IsolatedPlugin } from './isolation.js';
import { packed, unpacked } from './values.js';

export { ToldError } from './ask.js';

/**
 * The definitions of a plugin whose code is never imported here: data as its isolated process described them, and
 * functions that ask that process. How its stages run: see `isolatedInstance`.
 *
 * @throws UserError where it cannot be described, breaks the contract, or brings what cannot be isolated
 */
export function proxyPlugin(plugin: IsolatedPlugin, place: Place): Plugin {
  const { target } = plugin;
  const { name, faults, stages, reporters, services } = ask(
    plugin,
    { ask: 'describe' },
    descriptionSchema,
  );
  throwErrors(
    faults.map(({ what, hint }) =>
      badDefinition(target.name, target.file, { what, ...(hint ? { hint } : {}) }, place),
    ),
  );
  if (reporters.length > 0) throw isolatedReporter(target.name, reporters, place);
  if (services.length > 0) throw isolatedService(target.name, services, place);
  return { name, stages: stages.map((stage) => proxyStage(plugin, stage)) };
}

function proxyStage(plugin: IsolatedPlugin, description: StageDescription): AnyStage {
  const { id, source, dependencies, presets, options, ...rest } = description;
  const facts = (given: unknown, connected: ReadonlySet<string>): Facts =>
    unwrapped(() =>
      ask(
        plugin,
        { ask: 'facts', stage: id, options: packed(given), connected: [...connected].sort() },
        factsSchema,
      ),
    );
  const memory = new Map<string, number | undefined>();
  return {
    ...rest,
    id,
    ...(source === undefined ? {} : { source }),
    presets: presetsOf(plugin, presets),
    dependencies: Object.fromEntries(
      Object.entries(dependencies).map(([name, service]) => [name, token(service, '')]),
    ),
    options: proxySchema(plugin, id, options),
    check(given: unknown, connected: ReadonlySet<string>): readonly UserError[] {
      const found = facts(given, connected);
      memory.set(canonicalJson(given), found.memory);
      const reads = found.reads.map((method) => readsFiles(id, plugin.target.name, method));
      return [...reads, ...toldMistakes(found.mistakes)];
    },
    resources(given: unknown) {
      const known = memory.get(canonicalJson(given));
      return { threads: 1, ...(known === undefined ? {} : { memory: known }) };
    },
    // Nothing to ask: it looks at no files.
    create: () => ({ run: () => Promise.reject(new Error('An isolated stage runs elsewhere.')) }),
  };
}

/** A schema that has the options' names, for errors, and asks the real one. */
function proxySchema(
  plugin: IsolatedPlugin,
  stage: string,
  options: StageDescription['options'],
): z.ZodType {
  const shape = Object.fromEntries(
    options.map(({ name, description }) => [name, z.unknown().describe(description)]),
  );
  const safeParse = (given: unknown) => {
    const parsed = unwrapped(() =>
      ask(plugin, { ask: 'parse', stage, options: packed(given) }, parsedSchema),
    );
    return parsed.fits
      ? { success: true as const, data: unpackedBy(plugin, parsed.options) }
      : { success: false as const, error: new z.ZodError(parsed.issues as z.core.$ZodIssue[]) };
  };
  return Object.assign(z.strictObject(shape), { safeParse }) as z.ZodType;
}

/** Throws what the code threw as if it had thrown it here. */
function unwrapped<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof ToldError ? error.told : error;
  }
}

function presetsOf(plugin: IsolatedPlugin, text: string): Record<string, Record<string, unknown>> {
  const parsed = z
    .record(z.string(), z.record(z.string(), z.unknown()))
    .safeParse(unpackedBy(plugin, text));
  if (!parsed.success) throw badAnswer(plugin.target.name, 'its presets are none.');
  return parsed.data;
}

function unpackedBy(plugin: IsolatedPlugin, text: string): unknown {
  try {
    return unpacked(text);
  } catch (error) {
    throw badAnswer(plugin.target.name, safeError(error).message);
  }
}
