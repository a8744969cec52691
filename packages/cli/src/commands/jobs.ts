import { freemem } from 'node:os';

import {
  childProcesses,
  threadsHere,
  UserError,
  type ChildProcessOptions,
  type OpenLauncher,
} from '@privatesnn/core';

export interface JobsOptions {
  /** How many stages are computed at a time. */
  readonly jobs?: string;
  /** Minutes of silence after which a stage's process counts as stuck. */
  readonly patience?: string;
}

/** Each process that computes may need about this much memory, and more than this many rarely pay. */
const bytesEach = 2 * 2 ** 30;
const most = 8;
const defaultPatience = 30;

/** The launcher of `privatesnn run`: so many child processes of this command. */
export const localLauncher = (options: JobsOptions): OpenLauncher =>
  childProcesses(childOptions(options));

/** How children of this command are started, and how many. */
export function childOptions({ jobs, patience }: JobsOptions): ChildProcessOptions {
  const slots = jobs === undefined ? defaultJobs() : whole('--jobs', jobs, 1, 1024);
  const minutes =
    patience === undefined ? defaultPatience : whole('--patience', patience, 1, 24 * 60);
  return {
    slots,
    patience: minutes * 60_000,
    command: ({ folder, cache }) => [...ownCommand(), 'node', folder, '--cache', cache],
  };
}

/** Program and arguments that start this command. */
export const ownCommand = (): readonly string[] => [
  process.execPath,
  ...process.execArgv,
  process.argv[1] ?? '',
];

function defaultJobs(): number {
  const byMemory = Math.floor(freemem() / bytesEach);
  return Math.max(1, Math.min(threadsHere(), byMemory, most));
}

/** A whole number of the command line. */
export function whole(option: string, text: string, least: number, greatest: number): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= least && number <= greatest) return number;
  throw new UserError(
    'configuration',
    'BAD_NUMBER',
    `Expected ${option} to be a whole number from ${least} to ${greatest}, received "${text}".`,
  );
}
