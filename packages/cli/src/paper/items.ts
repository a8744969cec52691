import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { suggestion, UserError, type Plan } from '@privatesnn/core';
import { notRun, type Comparison, type PaperTableOptions } from '@privatesnn/plugins-reporters';

import { needsOf } from '../needs.js';
import { openPlan, type OpenOptions } from '../open.js';

/** A table or figure of the paper: an experiment file with a `paper-table`. */
export interface Item {
  /** The file's name without its ending: table3-ablation. */
  readonly name: string;
  readonly file: string;
  readonly plan: Plan;
  readonly title: string;
  readonly description: string;
  readonly note: string;
  /** The path of the table in a run folder, without its ending. */
  readonly table: string;
  /** The cells with their published figures, ours empty. */
  readonly empty: readonly Comparison[];
  /** What it reads: datasets, and the files of trained networks; and where that comes from. */
  readonly needs: readonly string[];
}

/** @returns the names of the tables and figures whose files lie in a folder */
export async function itemNames(folder: string): Promise<string[]> {
  const files = await readdir(folder).catch(() => {
    throw new UserError('configuration', 'PAPER_FOLDER', `There is no folder ${folder}.`, {
      hint: 'Start the command in the root of the repository, or name the folder by --experiments.',
    });
  });
  const names = files
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => basename(file, '.yaml'));
  return names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

/**
 * The names that a user chose: a whole name, the beginning of some (`table2`), or `all`.
 *
 * @throws UserError PAPER_ITEM where nothing is called so
 */
export function chooseItems(known: readonly string[], wanted: readonly string[]): Set<string> {
  const chosen = wanted.flatMap((text) => {
    if (text === 'all') return known;
    const found = known.includes(text) ? [text] : known.filter((name) => name.startsWith(text));
    if (found.length > 0) return found;
    throw new UserError('configuration', 'PAPER_ITEM', `No table or figure is called "${text}".`, {
      hint: suggestion(text, known, 'items'),
    });
  });
  return new Set(chosen);
}

/** Reads and checks the experiment of a table or figure. */
export async function openItem(folder: string, name: string, open: OpenOptions): Promise<Item> {
  const file = join(folder, `${name}.yaml`);
  const plan = await openPlan(file, open);
  const reporter = plan.reporters.find(({ declared }) => declared.definition.id === 'paper-table');
  if (reporter === undefined) {
    throw new UserError('configuration', 'PAPER_TABLE', `${file} has no reporter paper-table.`, {
      hint: 'Add one with the cells of the published table, or move the file elsewhere.',
    });
  }
  const { title, note, cells, file: table } = reporter.options as PaperTableOptions;
  return {
    name,
    file,
    plan,
    title: title || plan.title,
    description: plan.description.trim(),
    note,
    table,
    empty: cells.map(notRun),
    needs: needsOf(plan),
  };
}
