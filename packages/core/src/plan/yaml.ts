import { relative } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

import { stringify } from 'yaml';

import { child, toPlain } from '../config/node.js';
import type { Plan } from './plan.js';

/**
 * The plan as an experiment file of its own: bases, profile and overrides are merged, defaults written out.
 * Loaded from the folder `from`, it gives the same plan again.
 */
export function planToYaml(plan: Plan, from: string): string {
  const { loaded } = plan.experiment;
  const plain = toPlain(loaded.root) as Record<string, unknown>;
  const { name, title, description, plugins, trust, goals, preset, matrix, reporters } = plain;
  const document: Record<string, unknown> = {
    name,
    title,
    description,
    folder: relative(from, loaded.folder) || '.',
    seed: plain['seed'] ?? 0,
    plugins,
    trust,
    goals,
    preset,
    matrix,
    stages: Object.fromEntries(
      Object.entries(plain['stages'] as Record<string, Record<string, unknown>>).map(
        ([stage, config]) => [stage, withDefaults(plan, stage, config)],
      ),
    ),
    reporters,
  };
  for (const key of Object.keys(document)) if (document[key] === undefined) delete document[key];
  return stringify(document, { lineWidth: 100, aliasDuplicateObjects: false });
}

/** The stage with the options that its schema filled in the same way for every job. */
function withDefaults(
  plan: Plan,
  stage: string,
  config: Record<string, unknown>,
): Record<string, unknown> {
  const written = (config['options'] ?? {}) as Record<string, unknown>;
  const resolved = plan.jobs.map((job) => job.stages.get(stage)!);
  const added: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(resolved[0]?.options ?? {})) {
    if (Object.hasOwn(written, key) || !isYaml(value)) continue;
    const same = resolved.every(({ options }) =>
      isDeepStrictEqual((options as Record<string, unknown>)[key], value),
    );
    if (same) added[key] = value;
  }
  if (Object.keys(added).length === 0) return config;
  // A schema may turn options into others; then they are left as they were written.
  const stable = resolved.every(({ declared, options }, index) => {
    const cell = plan.experiment.cells[index]!;
    const given = child(child(cell.stages, stage), 'options');
    const again = declared.definition.options.safeParse({
      ...(given ? (toPlain(given) as object) : {}),
      ...added,
    });
    return again.success && isDeepStrictEqual(again.data, options);
  });
  return stable ? { ...config, options: { ...written, ...added } } : config;
}

function isYaml(value: unknown): boolean {
  if (value === undefined) return false;
  const json = JSON.stringify(value);
  return !json.includes('${') && isDeepStrictEqual(JSON.parse(json), value);
}
