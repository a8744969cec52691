import { types } from 'node:util';
import { pathToFileURL } from 'node:url';

import { z } from 'zod';

import type { AnyStage, Plugin } from '../contracts/plugin.js';
import type { Token } from '../contracts/token.js';
import { canonicalJson } from '../cache/canonical.js';
import { pluginFaults } from '../plugins/contract.js';
import { describeOptions } from '../plugins/describe-options.js';
import { asPlugin } from '../plugins/local.js';
import { mistakesOf } from '../plan/mistakes.js';
import { standIns } from '../run/fingerprint.js';
import type { Description, Facts, Parsed, Question, StageDescription } from './answers.js';
import { denied } from './denied.js';
import type { Target } from './isolation.js';
import { packed, unpacked } from './values.js';

/** In an isolated process: answers a question about a plugin. */
export async function answerTo(target: Target, question: Question): Promise<unknown> {
  const plugin = await importPlugin(target);
  if (question.ask === 'describe') return description(plugin);
  const stage = stageOf(plugin, question.stage);
  const options = unpacked(question.options);
  if (question.ask === 'parse') return parse(stage, options);
  return facts(target, stage, options, new Set(question.connected));
}

export async function importPlugin({ file, name, local }: Target): Promise<Plugin> {
  const { default: exported } = (await import(pathToFileURL(file).href)) as { default?: unknown };
  return (local ? asPlugin(name, exported) : exported) as Plugin;
}

export function stageOf(plugin: Plugin, id: string): AnyStage {
  const found = plugin.stages?.find((stage) => stage.id === id);
  if (!found) throw new Error(`The plugin has no stage "${id}" any more.`);
  return found;
}

function description(plugin: Plugin): Description {
  const faults = pluginFaults(plugin).map(({ what, hint }) => ({
    what,
    ...(hint === undefined ? {} : { hint }),
  }));
  const {
    name,
    stages = [],
    reporters = [],
    services = [],
  } = faults.length > 0 ? noPlugin : plugin;
  return {
    name,
    faults,
    stages: stages.map(described),
    reporters: reporters.map(({ id }) => id),
    services: services.map(({ token }) => token.name),
  };
}

const noPlugin: Plugin = { name: '' };

function described(stage: AnyStage): StageDescription {
  const { kind, id, version, summary, source, options, presets = {}, readsAncestors } = stage;
  const inputs = Object.entries(stage.inputs as Record<string, StageDescription['inputs'][string]>);
  const outputs = Object.entries(
    stage.outputs as Record<string, StageDescription['outputs'][string]>,
  );
  const tokens = Object.entries(stage.dependencies as Record<string, Token<unknown>>);
  return {
    kind,
    id,
    version,
    summary: text(summary),
    ...(source === undefined ? {} : { source: text(source) }),
    options: optionNames(options as z.ZodType),
    presets: packed(presets),
    inputs: Object.fromEntries(
      inputs.map(([port, { types: taken, optional, description }]) => [
        port,
        { types: taken, optional: optional ?? false, description: text(description) },
      ]),
    ),
    outputs: Object.fromEntries(
      outputs.map(([port, { type, description }]) => [
        port,
        { type, description: text(description) },
      ]),
    ),
    dependencies: Object.fromEntries(tokens.map(([name, token]) => [name, token.name])),
    readsAncestors: readsAncestors === true,
  };
}

function optionNames(schema: z.ZodType): StageDescription['options'] {
  try {
    return describeOptions(schema).map(({ name, description }) => ({ name, description }));
  } catch {
    // A schema that has no description is a schema all the same.
    return [];
  }
}

const text = (value: unknown) => (typeof value === 'string' ? value : '');

function parse(stage: AnyStage, given: unknown): Parsed {
  const parsed = (stage.options as z.ZodType).safeParse(given);
  if (!parsed.success) return { fits: false, issues: parsed.error.issues.map(plainIssue) };
  // Throws where it has no text, and so no key.
  canonicalJson(parsed.data);
  return { fits: true, options: packed(parsed.data) };
}

const issueFields = {
  unrecognized_keys: ['keys'],
  invalid_type: ['expected'],
  invalid_value: ['values'],
  too_small: ['origin', 'inclusive', 'minimum'],
  too_big: ['origin', 'inclusive', 'maximum'],
  not_multiple_of: ['divisor'],
} as const;

function plainIssue(issue: z.core.$ZodIssue): unknown {
  const { code, message } = issue;
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  if (code === 'invalid_union') {
    const errors = issue.errors.map((branch) => branch.map(plainIssue));
    return { code, path, message, errors };
  }
  if (!Object.hasOwn(issueFields, code)) return { code: 'custom', path, message };
  const fields = issueFields[code as keyof typeof issueFields];
  const values = issue as unknown as Record<string, unknown>;
  return { code, path, message, ...Object.fromEntries(fields.map((key) => [key, values[key]])) };
}

function facts(
  { name }: Target,
  stage: AnyStage,
  options: unknown,
  connected: ReadonlySet<string>,
): Facts {
  const found = stage.check ? mistakesOf(stage.check(options, connected)) : [];
  const made: unknown = stage.create(standIns(stage.dependencies), options);
  if (types.isPromise(made)) made.catch(() => undefined);
  const instance = typeof made === 'object' && made !== null ? made : {};
  const { memory } = stage.resources?.(options) ?? {};
  return {
    mistakes: found.map((mistake) => denied(name, mistake)),
    reads: [
      ...(stage.needs ? ['needs'] : []),
      ...['fingerprint', 'effectPresent'].filter((method) => method in instance),
    ],
    ...(typeof memory === 'number' ? { memory } : {}),
  };
}
