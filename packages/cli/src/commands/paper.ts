import { exitCode, UserError, UserErrorList, wrap } from '@privatesnn/core';

import { shorten } from '../command-line.js';
import { showFailure } from '../failure.js';
import type { OpenOptions } from '../open.js';
import { chooseItems, itemNames, openItem, type Item } from '../paper/items.js';
import { writeReport } from '../paper/report.js';
import { newestRun, type ItemResult } from '../paper/results.js';
import { terminalOf } from '../terminal.js';
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
    const lines = [title, shorten(file), `needs ${needs.join(', ')}`];
    text += `${name}\n${lines.map((line) => wrap(line, columns - 2).replace(/^/gm, '  ')).join('\n')}\n`;
  }
  process.stdout.write(text);
}

/**
 * Runs the chosen tables and figures one after the other, and writes one report of all of them: from the newest
 * finished run of each in the folder `out`. One whose data or network is missing does not keep the others from running.
 *
 * @param wanted names, beginnings of names, or `all`; none writes the report only
 * @returns the exit code: that of the first run that failed; runs without data count only where nothing has run
 */
export async function runPaper(
  wanted: readonly string[],
  overrides: readonly string[],
  options: PaperOptions & { readonly command: string },
): Promise<number> {
  const controller = new AbortController();
  listenForInterrupt(() => controller.abort());
  const names = await itemNames(options.experiments);
  const chosen = chooseItems(names, wanted);
  // All are checked before the first one runs.
  const items: Item[] = [];
  for (const name of names) {
    const open: OpenOptions = {
      overrides: chosen.has(name) ? overrides : [],
      profile: options.profile,
      seed: options.seed,
    };
    items.push(await openItem(options.experiments, name, open));
  }

  const failures = new Map<string, unknown>();
  const report = () => reportOn(items, failures, options);
  for (const item of items) {
    if (!chosen.has(item.name)) continue;
    if (controller.signal.aborted) break;
    try {
      process.stderr.write(`${item.title}\n`);
      await runPlan(item.plan, { ...options, signal: controller.signal });
    } catch (error) {
      failures.set(item.name, error);
      showFailure(error);
    }
    await report();
  }
  const path = await report();
  process.stdout.write(`${shorten(path)}\n`);
  const codes = [...failures.values()].map(exitCode);
  if (controller.signal.aborted) return 130;
  return (
    codes.find((code) => code !== 3) ?? (codes.length > 0 && codes.length === chosen.size ? 3 : 0)
  );
}

async function reportOn(
  items: readonly Item[],
  failures: ReadonlyMap<string, unknown>,
  { out, profile }: PaperOptions,
): Promise<string> {
  const results: ItemResult[] = [];
  for (const item of items) {
    const failure = failures.get(item.name);
    const run = failure === undefined ? await newestRun(out, item, profile) : null;
    const reason = failure === undefined ? 'no finished run here yet.' : reasonOf(failure);
    results.push({ item, run, reason: run === null ? reason : null });
  }
  return writeReport(out, results);
}

function reasonOf(error: unknown): string {
  if (error instanceof UserErrorList) return error.errors.map(reasonOf).join(' ');
  if (!(error instanceof UserError)) return `a defect of the program: ${String(error)}`;
  return [error.message, error.hint].filter(Boolean).join(' ');
}
