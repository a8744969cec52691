import { wrap } from '@privatesnn/core';

import { shorten } from '../command-line.js';
import type { OpenOptions } from '../open.js';
import { exitCodeOf, failuresText, reasonOf, type Failures } from '../paper/failures.js';
import { chooseItems, itemNames, openItem, type Item } from '../paper/items.js';
import { joinRuns, type ItemResult } from '../paper/join.js';
import { writeReport } from '../paper/report.js';
import { newestRuns } from '../paper/results.js';
import { say, terminalOf } from '../terminal.js';
import { runPlan, type RunOptions } from './run.js';
import { listenForInterrupt } from './supervise.js';

export interface PaperOptions extends RunOptions {
  /** Folder of the experiment files, one for each table and figure. */
  readonly experiments: string;
  /** Where run folders and the report are made. */
  readonly out: string;
}

/** Lists the tables and figures with what they need. */
export async function listPaper({ experiments, profile, seed }: PaperOptions): Promise<void> {
  const columns = Math.max(40, Math.min(terminalOf(process.stdout).columns, 100));
  const open = { overrides: [], profile, seed };
  let text = '';
  for (const name of await itemNames(experiments)) {
    const { title, file, needs } = await openItem(experiments, name, open);
    const from = needs.length === 0 ? 'nothing from outside' : needs.join(', ');
    const lines = [title, shorten(file), `needs ${from}`];
    text += `${name}\n${lines.map((line) => wrap(line, columns - 2).replace(/^/gm, '  ')).join('\n')}\n`;
  }
  say(process.stdout, text);
}

/**
 * Runs the chosen tables and figures one after the other, and writes one report of all of them: from the newest
 * finished runs of each in the folder `out`, one a profile. One that fails is told in a line and does not keep the others from running,
 * unless `failFast` says so; the end lists all failures in full.
 *
 * @param wanted names, beginnings of names, or `all`; none writes the report only
 * @returns the exit code: 130 after Ctrl-C, else that of the first failure; see `exitCodeOf`
 */
export async function runPaper(
  wanted: readonly string[],
  overrides: readonly string[],
  options: PaperOptions & { readonly command: string },
): Promise<number> {
  const controller = new AbortController();
  await listenForInterrupt(() => controller.abort());
  const names = await itemNames(options.experiments);
  const chosen = chooseItems(names, wanted);
  // All are checked before the first one runs.
  const items: Item[] = [];
  for (const name of names) {
    // The others are only reported, and need not have the profile.
    const open: OpenOptions = chosen.has(name)
      ? { overrides, profile: options.profile, seed: options.seed }
      : { overrides: [] };
    items.push(await openItem(options.experiments, name, open));
  }

  const failures = new Map<string, unknown>();
  const report = () => reportOn(items, failures, options);
  let ran = 0;
  for (const item of items.filter(({ name }) => chosen.has(name))) {
    if (controller.signal.aborted || (options.failFast && failures.size > 0)) break;
    ran++;
    say(process.stderr, `${item.title}\n`);
    try {
      await runPlan(item.plan, { ...options, signal: controller.signal });
    } catch (error) {
      failures.set(item.name, error);
      say(process.stderr, `Failed: ${item.name}: ${reasonOf(error)}\n`);
    }
    await report();
  }
  const path = await report();
  if (failures.size > 0) {
    say(process.stderr, `\n${failuresText(failures, ran, terminalOf(process.stderr))}`);
  }
  say(process.stdout, `${shorten(path)}\n`);
  return controller.signal.aborted ? 130 : exitCodeOf(failures, ran);
}

async function reportOn(
  items: readonly Item[],
  failures: Failures,
  { out, profile }: PaperOptions,
): Promise<string> {
  const results: ItemResult[] = [];
  for (const item of items) {
    const failure = failures.get(item.name);
    const joined = joinRuns(item, await newestRuns(out, item, profile));
    const absent =
      joined.runs.length === 0
        ? `no finished run here yet; privatesnn paper ${item.name} makes one.`
        : null;
    results.push({ item, ...joined, reason: failure === undefined ? absent : reasonOf(failure) });
  }
  return writeReport(out, results);
}
