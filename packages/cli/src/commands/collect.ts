import { basename } from 'node:path';

import { namedByRuns, UserError } from '@privatesnn/core';

import { openCacheAt } from '../cache.js';
import { shorten } from '../command-line.js';
import { byteSize, clockTime, count, cut } from '../progress/format.js';
import { runFolders } from '../runs.js';
import { say, terminalOf } from '../terminal.js';

export interface CollectOptions {
  readonly cache?: string;
  /** 30d, 12h, 45m. */
  readonly olderThan?: string;
  /** 500MB, 10GB. */
  readonly maxSize?: string;
  /** A folder with further runs. */
  readonly runs: string;
  readonly remove?: boolean;
  readonly ignoreUnseen?: boolean;
}

const shown = 20;

/** Tells which results are too old or too many and named by no run; with `remove`, removes them. */
export async function collectCache(options: CollectOptions): Promise<void> {
  const { olderThan, maxSize, remove = false } = options;
  if (olderThan === undefined && maxSize === undefined) {
    throw new UserError('configuration', 'NO_LIMIT', 'Give --older-than, --max-size or both.', {
      hint: 'For instance: privatesnn cache gc --older-than 30d',
    });
  }
  const age = olderThan === undefined ? undefined : durationOf(olderThan);
  const maxBytes = maxSize === undefined ? undefined : sizeOf(maxSize);
  const cache = await openCacheAt(options.cache);
  const named = await namedByRuns(cache, await runFolders(options.runs));
  const { unseen, working } = named;
  if (unseen.length > 0 && !options.ignoreUnseen) {
    throw new UserError(
      'configuration',
      'RUNS_UNSEEN',
      `${count(unseen.length, 'run')} of other machines cannot be seen from here, so that nobody knows which results they name: ${unseen.slice(0, 3).join(', ')}${unseen.length > 3 ? ', …' : ''}.`,
      { hint: 'Run this where their folders are, or say --ignore-unseen if these are gone.' },
    );
  }
  if (remove && working.length > 0) {
    throw new UserError(
      'configuration',
      'RUN_WORKS',
      `${working.map((folder) => basename(folder)).join(', ')} works on this cache now.`,
      { hint: 'Wait for its end; without --remove this shows what would go.' },
    );
  }
  const request = { named, olderThan: age, maxBytes, checkpoints: !named.unfinished, remove };
  const { entries, files, bytes, kept } = await cache.maintenance.collect(request);
  if (remove) for (const folder of named.gone) await cache.maintenance.forgetRun(folder);
  const { columns } = terminalOf(process.stdout);
  const lines = entries.slice(0, shown).map(({ key, created, outputs, label }) => {
    const size = Object.values(outputs).reduce((sum, output) => sum + output.bytes, 0);
    const text = `${key.slice(0, 8)}  ${clockTime(created)}  ${byteSize(size).padStart(9)}  ${label}`;
    return cut(text, columns);
  });
  if (entries.length > shown) lines.push(`and ${entries.length - shown} more`);
  lines.push(
    `${count(entries.length, 'result')} and ${count(files, 'file')} (${byteSize(bytes)}) ${remove ? 'were removed' : 'would be removed'}.`,
    `${count(kept.entries, 'result')} (${byteSize(kept.bytes)}) ${kept.entries === 1 ? 'stays' : 'stay'}, ${kept.named} of them named by ${count(named.runs.length, 'run')}.`,
  );
  if (maxBytes !== undefined && kept.bytes > maxBytes) {
    lines.push(
      `That is more than ${byteSize(maxBytes)}: remove folders of runs that are no longer needed.`,
    );
  }
  if (!remove && entries.length + files > 0) lines.push('Nothing was removed yet: add --remove.');
  lines.push(`Cache: ${shorten(cache.location)}`);
  say(process.stdout, `${lines.join('\n')}\n`);
}

const milliseconds = { d: 24 * 3600 * 1000, h: 3600 * 1000, m: 60 * 1000 };
const bytesIn = { kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };

function durationOf(text: string): number {
  return withUnit('--older-than', text, milliseconds, '30d, 12h or 45m');
}

function sizeOf(text: string): number {
  return withUnit('--max-size', text, bytesIn, '500MB or 1.5GB');
}

function withUnit(
  option: string,
  text: string,
  units: Readonly<Record<string, number>>,
  examples: string,
): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*([A-Za-z]+)$/.exec(text.trim()) ?? [];
  const name = Object.keys(units).find((each) => each.toLowerCase() === unit.toLowerCase());
  if (number !== '' && name !== undefined) return Number(number) * units[name]!;
  if (/^0+$/.test(text.trim())) return 0;
  throw new UserError(
    'configuration',
    'BAD_NUMBER',
    `Expected ${option} to be a number with a unit (${examples}), received "${text}".`,
  );
}
