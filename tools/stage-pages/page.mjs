import { code, optionsTable, table } from './options-table.mjs';

/** A page with the tables between its markers brought up to date; `ports` may be left out, `options` may not. */
export function fillPage(page, stage) {
  const withPorts = page.includes(open('ports')) ? fill(page, 'ports', ports(stage), stage) : page;
  return fill(withPorts, 'options', options(stage), stage);
}

/** A first page, from what the stage says of itself. */
export function newPage(stage) {
  const inputs = Object.entries(stage.inputs ?? {})
    .filter(([, port]) => !port.optional)
    .map(([name, port]) => `${name}: ${port.types[0]}`);
  const hasPorts = stage.inputs !== undefined;
  const use =
    stage.kind === 'reporter'
      ? `reporters:\n  - { use: ${stage.id} }`
      : stage.kind === 'launcher'
        ? `use: ${stage.id}\noptions: {}`
        : `stages:\n  my-${stage.id}: { use: ${stage.id}${inputs.length > 0 ? `, inputs: { ${inputs.join(', ')} }` : ''} }`;
  return [
    `# ${stage.id}`,
    stage.summary,
    ...(hasPorts ? ['## Inputs and outputs', `${open('ports')}\n${close('ports')}`] : []),
    '## Options',
    `${open('options')}\n${close('options')}`,
    ...(stage.source ? ['## Source', `${stage.source}.`] : []),
    '## Example',
    `\`\`\`yaml\n${use}\n\`\`\``,
  ].join('\n\n');
}

/** The list of all stages, by kind. */
export function stageList(stages) {
  const kinds = [...new Set(stages.map(({ kind }) => kind))].sort();
  const sections = kinds.map((kind) => {
    const rows = stages
      .filter((stage) => stage.kind === kind)
      .map(({ id, summary, plugin }) => [`[${id}](${id}.md)`, summary, `\`${plugin}\``]);
    return `## ${kind[0].toUpperCase()}${kind.slice(1)}\n\n${table(['stage', 'what', 'plugin'], rows)}`;
  });
  const introduction =
    'What can stand after `use:` in an experiment file, or, a launcher, in a launcher file. This list, and the tables of the pages, are written by `node tools/stage-pages.mjs`.';
  return ['# Stages', introduction, ...sections].join('\n\n');
}

function options({ options, presets = {} }) {
  const names = Object.keys(presets);
  if (names.length === 0) return optionsTable(options);
  const rows = names.map((name) => [
    `\`${name}\``,
    Object.entries(presets[name])
      .map(([key, value]) => `${key}: ${code(value)}`)
      .join(', ') || 'the defaults',
  ]);
  return `${optionsTable(options)}\n\n${table(['preset', 'sets'], rows)}`;
}

function ports({ inputs, outputs }) {
  const types = (port) => port.types.join(' or ') + (port.optional ? ', optional' : '');
  return table(
    ['', 'name', 'type', 'what'],
    [
      ...Object.entries(inputs).map(([name, port]) => [
        'in',
        `\`${name}\``,
        types(port),
        port.description,
      ]),
      ...Object.entries(outputs).map(([name, port]) => [
        'out',
        `\`${name}\``,
        port.type,
        port.description,
      ]),
    ],
  );
}

function fill(page, name, text, { id }) {
  const start = page.indexOf(open(name));
  const end = page.indexOf(close(name));
  if (start < 0 || end < start) {
    throw new Error(`docs/stages/${id}.md needs the lines ${open(name)} and ${close(name)}.`);
  }
  return `${page.slice(0, start + open(name).length)}\n\n${text}\n\n${page.slice(end)}`;
}

function open(name) {
  return `<!-- ${name} -->`;
}

function close(name) {
  return `<!-- /${name} -->`;
}
