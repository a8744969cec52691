import { readFileSync } from 'node:fs';

import {
  describeOptions,
  loadPlugin,
  stageKinds,
  suggestion,
  UserError,
  wrap,
  type AnyLauncher,
  type AnyReporter,
  type AnyStage,
  type InputPort,
  type OutputPort,
} from '@privatesnn/core';

import { type Paint, paintFor, say, sayJson, terminalOf } from '../terminal.js';

type Definition = AnyStage | AnyReporter | AnyLauncher;

interface Listed {
  readonly plugin: string;
  readonly definition: Definition;
}

/** Prints the stages, reporters and launchers of the bundled plugins, or everything about one of them. */
export async function printStages(id: string | undefined, json: boolean): Promise<void> {
  const listed = await bundledDefinitions();
  const chosen =
    id === undefined ? listed : listed.filter(({ definition }) => definition.id === id);
  if (chosen.length === 0) {
    const known = listed.map(({ definition }) => definition.id);
    throw new UserError('configuration', 'UNKNOWN_USE', `There is no stage or reporter "${id}".`, {
      hint: suggestion(id ?? '', known, 'stages'),
    });
  }
  if (json) {
    sayJson(chosen.map(describe));
    return;
  }
  const terminal = terminalOf(process.stdout);
  const paint = paintFor(terminal);
  const text =
    id === undefined
      ? overview(chosen, terminal.columns, paint)
      : chosen.map((one) => detail(one, terminal.columns, paint)).join('\n\n');
  say(process.stdout, `${text}\n`);
}

async function bundledDefinitions(): Promise<Listed[]> {
  const manifest = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  ) as { dependencies: Record<string, string> };
  const names = Object.keys(manifest.dependencies).filter((name) => name.includes('/plugins-'));
  const search = { folder: process.cwd(), moduleBase: import.meta.dirname };
  const plugins = await Promise.all(
    names.map((name) => loadPlugin(name, { file: 'package.json' }, search)),
  );
  return plugins.flatMap(({ name, plugin }) =>
    [...(plugin.stages ?? []), ...(plugin.reporters ?? []), ...(plugin.launchers ?? [])].map(
      (definition: Definition) => ({ plugin: name, definition }),
    ),
  );
}

const hasPorts = (definition: Definition): definition is AnyStage => 'inputs' in definition;

function overview(listed: readonly Listed[], columns: number, paint: Paint): string {
  const width = Math.max(...listed.map(({ definition }) => definition.id.length)) + 4;
  const blocks: string[] = [];
  for (const kind of [...stageKinds, 'reporter', 'launcher'] as const) {
    const own = listed.filter(({ definition }) => definition.kind === kind);
    if (own.length === 0) continue;
    const lines = own.map(({ definition }) => {
      const text = wrap(definition.summary, columns - width).replaceAll(
        '\n',
        `\n${' '.repeat(width)}`,
      );
      return `  ${definition.id.padEnd(width - 2)}${text}`;
    });
    blocks.push([paint.bold(kind), ...lines].join('\n'));
  }
  return `${blocks.join('\n\n')}\n\nprivatesnn stages ID shows a stage with its options.`;
}

function detail({ plugin, definition }: Listed, columns: number, paint: Paint): string {
  const lines = [
    `${paint.bold(definition.id)} (${definition.kind}, ${plugin}, version ${definition.version})`,
    wrap(definition.summary, columns),
  ];
  if (definition.source) lines.push(wrap(`Source: ${definition.source}`, columns));
  if (hasPorts(definition)) {
    const inputs = Object.entries(definition.inputs as Record<string, InputPort>);
    const outputs = Object.entries(definition.outputs as Record<string, OutputPort>);
    if (inputs.length > 0) lines.push('', paint.bold('inputs'));
    for (const [name, { types, optional, description }] of inputs) {
      lines.push(
        entry(name, `${types.join(' or ')}${optional ? ', optional' : ''}`, description, columns),
      );
    }
    lines.push('', paint.bold('outputs'));
    for (const [name, { type, description }] of outputs) {
      lines.push(entry(name, type, description, columns));
    }
  }
  const options = describeOptions(definition.options);
  if (options.length > 0) lines.push('', paint.bold('options'));
  for (const { name, type, default: fallback, required, description } of options) {
    const none = required ? 'required' : 'optional';
    const value = fallback === undefined ? none : `default ${JSON.stringify(fallback)}`;
    lines.push(entry(name, `${type}, ${value}`, description, columns));
  }
  return lines.join('\n');
}

function entry(name: string, type: string, description: string, columns: number): string {
  return `${wrap(`${name}: ${type}`, columns, '  ')}\n${wrap(description, columns, '      ')}`;
}

function describe({ plugin, definition }: Listed) {
  const { kind, id, version, summary, source } = definition;
  const ports = hasPorts(definition)
    ? { inputs: definition.inputs, outputs: definition.outputs }
    : {};
  return {
    plugin,
    kind,
    id,
    version,
    summary,
    source,
    ...ports,
    options: describeOptions(definition.options),
  };
}
