import { execFile } from 'node:child_process';

import { UserError } from '@privatesnn/core';

import { parseTasks, sacctFormat, squeueFormat, type Task } from './states.js';

export interface Output {
  /** Undefined where it was ended by a signal: it took too long. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program of Slurm. */
export type Execute = (program: string, args: readonly string[]) => Promise<Output>;

/** A program that waits for the scheduler gives up by itself earlier than this. */
const patience = 60_000;

/** @throws UserError SLURM_MISSING where the program is not installed */
export const executeWith =
  (environment: NodeJS.ProcessEnv): Execute =>
  (program, args) =>
    new Promise((resolve, reject) => {
      const options = { env: environment, timeout: patience, maxBuffer: 2 ** 27 };
      execFile(program, [...args], options, (error, stdout, stderr) => {
        const code: unknown = error === null ? 0 : error.code;
        if (code === 'ENOENT') reject(missing(program));
        else resolve({ code: typeof code === 'number' ? code : undefined, stdout, stderr });
      });
    });

/** Slurm's controller does not answer: a moment later it may. */
export class SchedulerAway extends Error {}

/** What of Slurm a launcher needs. */
export interface Slurm {
  /**
   * @returns the array's id
   * @throws UserError SLURM_REFUSED with what sbatch says; SchedulerAway
   */
  submit(args: readonly string[], script: string): Promise<string>;
  /** What became of the tasks of arrays, as far as Slurm still knows. @throws SchedulerAway */
  tasks(arrays: readonly string[]): Promise<readonly Task[]>;
  /** Lets tasks that wait for others to end start before that. @throws SchedulerAway */
  release(ids: readonly string[]): Promise<void>;
  /** Ends arrays or tasks. @throws SchedulerAway */
  cancel(ids: readonly string[]): Promise<void>;
}

export function slurmWith(execute: Execute): Slurm {
  const asked = async (program: string, args: readonly string[]) => {
    const output = await execute(program, args);
    if (output.code === undefined || (output.code !== 0 && isAway(output.stderr))) {
      throw new SchedulerAway(firstLine(output.stderr) || `${program} took too long`);
    }
    return output;
  };
  return {
    async submit(args, script) {
      const { code, stdout, stderr } = await asked('sbatch', ['--parsable', ...args, script]);
      // "17" or "17;cluster"
      const id = /^(\d+)(;\S*)?\s*$/m.exec(stdout)?.[1];
      if (code === 0 && id !== undefined) return id;
      throw refused(stderr.trim() || stdout.trim() || `exit code ${code}`);
    },

    async tasks(arrays) {
      if (arrays.length === 0) return [];
      const jobs = `--jobs=${arrays.join(',')}`;
      const queue = ['--noheader', '--array', '--states=all', `--format=${squeueFormat}`, jobs];
      const { code, stdout, stderr } = await asked('squeue', queue);
      // Those that ended a while ago it does not know any more.
      if (code !== 0 && !/invalid job id/i.test(stderr)) throw new SchedulerAway(firstLine(stderr));
      const found = parseTasks(stdout);
      const known = new Set(found.map(({ id }) => id.split('_')[0]));
      const rest = arrays.filter((id) => !known.has(id));
      if (rest.length === 0) return found;
      const past = ['--noheader', '--parsable2', '--allocations', `--format=${sacctFormat}`];
      // Without accounting it has nothing to say.
      const account = await execute('sacct', [...past, `--jobs=${rest.join(',')}`]);
      return [...found, ...parseTasks(account.stdout)];
    },

    async release(ids) {
      // One that has started or ended meanwhile needs none: what it refuses is no matter.
      await asked('scontrol', ['update', `JobId=${ids.join(',')}`, 'Dependency=']);
    },

    async cancel(ids) {
      if (ids.length > 0) await asked('scancel', ids);
    },
  };
}

const isAway = (text: string) =>
  /unable to contact|connection (refused|timed out|reset)|socket timed out|communication|connect failure|in standby|zero bytes|try again|temporar/i.test(
    text,
  );

const firstLine = (text: string) =>
  text
    .trim()
    .split('\n')
    .at(-1)
    ?.replace(/^\w+: error: /, '') ?? '';

const missing = (program: string) =>
  new UserError('environment', 'SLURM_MISSING', `There is no program ${program} here.`, {
    hint: 'The launcher slurm is for machines from which jobs are submitted: the login nodes of a Slurm cluster.',
  });

const refused = (text: string) =>
  new UserError('environment', 'SLURM_REFUSED', `Slurm refuses the workers: ${text}`, {
    hint: 'Partition, account, time, memory and arguments are options of the launcher, in a launcher file.',
  });
