import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

import { comparisonMarkdown, escapeMarkdown } from '@privatesnn/plugins-reporters';

import { duration } from '../progress/format.js';
import type { ItemResult, ItemRun } from './results.js';

/**
 * Writes `paper.md` and `paper.json`: every cell of every table and figure, ours beside the published one. What was
 * not run has empty cells and says why.
 *
 * @returns the path of paper.md
 */
export async function writeReport(out: string, results: readonly ItemResult[]): Promise<string> {
  await mkdir(out, { recursive: true });
  const path = join(out, 'paper.md');
  await writeAside(path, paperMarkdown(out, results));
  await writeAside(
    join(out, 'paper.json'),
    `${JSON.stringify({ format: 1, items: results.map((result) => itemJson(out, result)) }, null, 2)}\n`,
  );
  return path;
}

async function writeAside(path: string, text: string): Promise<void> {
  await writeFile(`${path}.part`, text);
  await rename(`${path}.part`, path);
}

/** @param out the folder of the report, from which it names run folders */
export function paperMarkdown(out: string, results: readonly ItemResult[]): string {
  const ran = results.filter(({ run }) => run !== null).length;
  return [
    '# PrivateSNN: the tables and figures of the paper',
    '',
    `${ran} of ${results.length} were run. Accuracies are in per cent, intervals hold 95 %, a difference is ours minus`,
    'published. What was not run is empty.',
    '',
    ...results.flatMap((result) => [itemMarkdown(out, result), '']),
  ]
    .join('\n')
    .replace(/\n+$/, '\n');
}

function itemMarkdown(out: string, { item, run, reason }: ItemResult): string {
  const table = comparisonMarkdown(item.title, run?.cells ?? item.empty, item.note).trimEnd();
  const below = run === null ? [`Not run: ${escapeMarkdown(reason ?? '')}`] : runLines(out, run);
  return [table, '', ...below].join('\n');
}

function runLines(out: string, { folder, manifest, files }: ItemRun): string[] {
  const { profile, seed, git, seconds, host, command } = manifest;
  const commit = git && `commit ${git.commit.slice(0, 10)}${git.changed ? ' with changes' : ''}`;
  const facts = [
    profile && `profile ${profile}`,
    `seed ${seed}`,
    commit,
    seconds !== null && duration(seconds),
    `${host['processors']} × ${host['processor']}`,
  ];
  const place = relative(out, folder);
  const link = (file: string) =>
    file.endsWith('.png') ? `![${file}](${place}/${file})` : `[${file}](${place}/${file})`;
  return [
    `Run \`${place}\`: ${facts.filter(Boolean).join(', ')}.`,
    ...(command === null ? [] : ['', '```sh', command, '```']),
    ...(files.length === 0 ? [] : ['', ...files.map(link)]),
    ...warningsOf(manifest).flatMap((warning, index) => [
      ...(index === 0 ? ['', 'Warnings:', ''] : []),
      `- ${escapeMarkdown(warning)}`,
    ]),
  ];
}

function warningsOf({ stages }: ItemRun['manifest']): string[] {
  return [
    ...new Set(
      stages.flatMap(({ stage, warnings }) => warnings.map((warning) => `${stage}: ${warning}`)),
    ),
  ];
}

function itemJson(out: string, { item, run, reason }: ItemResult) {
  const { name, title, note, needs } = item;
  if (run === null) return { name, title, note, needs, run: null, reason, cells: item.empty };
  const { profile, seed, command, started, seconds, git, host, services } = run.manifest;
  return {
    name,
    title,
    note,
    needs,
    run: {
      folder: relative(out, run.folder),
      ...{ profile, seed, command, started, seconds, git, host, services },
      warnings: warningsOf(run.manifest),
    },
    reason: null,
    cells: run.cells,
  };
}
