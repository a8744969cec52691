import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

import {
  paperMarkdown,
  paperPage,
  type PaperEntry,
  type PaperRun,
} from '@privatesnn/plugins-reporters';

import { duration } from '../progress/format.js';
import type { ItemResult } from './join.js';
import type { ItemRun } from './results.js';

/**
 * Writes `paper.md`, `paper.html` and `paper.json`: every cell of every table and figure, ours beside the published
 * one. What was not run has empty cells and says why.
 *
 * @returns the path of paper.md
 */
export async function writeReport(out: string, results: readonly ItemResult[]): Promise<string> {
  await mkdir(out, { recursive: true });
  const entries = await Promise.all(results.map((result) => entryOf(out, result)));
  const json = { format: 2, items: results.map((result) => itemJson(out, result)) };
  const path = join(out, 'paper.md');
  await writeAside(path, paperMarkdown(entries));
  await writeAside(join(out, 'paper.html'), paperPage(entries));
  await writeAside(join(out, 'paper.json'), `${JSON.stringify(json, null, 2)}\n`);
  return path;
}

async function writeAside(path: string, text: string): Promise<void> {
  await writeFile(`${path}.part`, text);
  await rename(`${path}.part`, path);
}

async function entryOf(
  out: string,
  { item, cells, runs, reason }: ItemResult,
): Promise<PaperEntry> {
  const { name, title, description, note } = item;
  return {
    ...{ name, title, description, note, cells, reason },
    runs: await Promise.all(runs.map((run) => runOf(out, run))),
  };
}

async function runOf(out: string, { folder, manifest, files }: ItemRun): Promise<PaperRun> {
  const grids = files.filter((file) => file.endsWith('.png'));
  return {
    folder: relative(out, folder),
    facts: factsOf(manifest),
    command: manifest.command,
    warnings: warningsOf(manifest),
    pages: files.filter((file) => file.endsWith('.html')),
    grids: await Promise.all(
      grids.map(async (file) => ({ file, png: await readFile(join(folder, file)) })),
    ),
  };
}

function factsOf({ profile, preset, seed, git, seconds, host }: ItemRun['manifest']): string[] {
  const threads = host['threads'] === undefined ? '' : `at most ${host['threads']} threads on `;
  return [
    ...(profile === null ? [] : [`profile ${profile}`]),
    ...(preset ? [`preset ${preset}`] : []),
    `seed ${[seed].flat().join(', ')}`,
    ...(git === null
      ? []
      : [`commit ${git.commit.slice(0, 10)}${git.changed ? ' with changes' : ''}`]),
    ...(seconds === null ? [] : [duration(seconds)]),
    `${threads}${host['processors']} × ${host['processor']}`,
  ];
}

function warningsOf({ stages }: ItemRun['manifest']): string[] {
  return [
    ...new Set(
      stages.flatMap(({ stage, warnings }) => warnings.map((warning) => `${stage}: ${warning}`)),
    ),
  ];
}

function itemJson(out: string, { item, cells, runs, reason }: ItemResult) {
  const { name, title, note, needs } = item;
  return {
    ...{ name, title, note, needs, reason },
    runs: runs.map(({ folder, manifest }) => {
      const { profile, preset, seed, command, started, seconds, git, host, services } = manifest;
      return {
        folder: relative(out, folder),
        ...{ profile, preset, seed, command, started, seconds, git, host, services },
        warnings: warningsOf(manifest),
      };
    }),
    cells: cells.map(({ run, ...cell }) => ({
      ...cell,
      run: run === null ? null : relative(out, run.folder),
    })),
  };
}
