/** The pages of the stages: each has all its parts, and its YAML examples fit the stages that they name. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const root = resolve(import.meta.dirname, '..');
const folder = join(root, 'docs/stages');

const packages = readdirSync(join(root, 'packages')).filter((name) => name.startsWith('plugins-'));
const plugins = await Promise.all(packages.map((name) => import(`@privatesnn/${name}`)));
const stages = new Map(
  plugins
    .flatMap(({ default: { stages = [], reporters = [] } }) => [...stages, ...reporters])
    .map((stage) => [stage.id, stage]),
);

describe.each([...stages.keys()].sort())('%s', (id) => {
  const text = readFileSync(join(folder, `${id}.md`), 'utf8');
  const examples = [...text.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, code]) => parse(code));

  it('has options, a source and an example', () => {
    const titles = [...text.matchAll(/^## (.*)$/gm)].map(([, title]) => title);
    expect(titles).toEqual(expect.arrayContaining(['Options', 'Source', 'Example']));
    expect(stages.get(id).source, 'the source that its definition names').toBeTruthy();
    expect(examples.flatMap(uses).map(({ use }) => use)).toContain(id);
  });

  it('has valid examples', () => {
    expect(examples.flatMap(uses).flatMap(problems)).toEqual([]);
  });
});

/** Every record with `use:` in a document. */
function uses(value) {
  if (typeof value !== 'object' || value === null) return [];
  const inside = Object.values(value).flatMap(uses);
  return typeof value.use === 'string' ? [value, ...inside] : inside;
}

function problems({ use, preset, inputs = {}, options = {} }) {
  const stage = stages.get(use);
  if (!stage) return [`There is no stage ${use}.`];
  const { presets = {}, inputs: ports = {} } = stage;
  const unknown = Object.keys(inputs).filter((name) => !(name in ports));
  const missing = Object.keys(ports).filter((name) => !ports[name].optional && !(name in inputs));
  // What a matrix fills in is known only in a whole experiment.
  const open = JSON.stringify(options).includes('${');
  const parsed = open ? undefined : stage.options.safeParse({ ...presets[preset], ...options });
  return [
    ...(preset === undefined || preset in presets ? [] : [`${use} has no preset ${preset}.`]),
    ...unknown.map((name) => `${use} has no input ${name}.`),
    ...missing.map((name) => `${use} needs the input ${name}.`),
    ...(parsed?.error?.issues.map(({ path, message }) => `${use}, ${path.join('.')}: ${message}`) ??
      []),
  ];
}
