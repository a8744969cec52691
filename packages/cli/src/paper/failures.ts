import { exitCode, formatError, UserError, UserErrorList } from '@privatesnn/core';

import type { Terminal } from '../terminal.js';

/** The tables and figures that failed, by name, with what each threw. */
export type Failures = ReadonlyMap<string, unknown>;

/** What went wrong and what to do, as one line of text. */
export function reasonOf(error: unknown): string {
  return linesOf(error).join(' ').replace(/\s+/g, ' ');
}

function linesOf(error: unknown): string[] {
  if (error instanceof UserErrorList) return error.errors.flatMap(linesOf);
  if (!(error instanceof UserError)) return [`a defect of the program: ${String(error)}`];
  return [error.message, error.hint ?? ''].filter(Boolean);
}

/** The list that ends a command: every failure in full, under the name of its table or figure. */
export function failuresText(failures: Failures, ran: number, terminal: Terminal): string {
  const each = [...failures].map(([name, error]) => `${name}\n${formatError(error, terminal)}\n`);
  return [`${failures.size} of ${ran} failed:\n`, ...each].join('\n');
}

/**
 * The exit code: that of the first failure. Missing data count only where nothing else has run: a table that cannot
 * run here has not failed.
 *
 * @param ran how many were started
 */
export function exitCodeOf(failures: Failures, ran: number): number {
  const codes = [...failures.values()].map(exitCode);
  const withoutData = exitCode(new UserError('data', '', ''));
  const other = codes.find((code) => code !== withoutData);
  return other ?? (codes.length > 0 && codes.length === ran ? withoutData : 0);
}
