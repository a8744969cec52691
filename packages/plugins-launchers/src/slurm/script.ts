/** A text as one word of a shell, whatever is in it. */
export const quoted = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`;

export interface ScriptRequest {
  /** The run's folder. */
  readonly run: string;
  /** Where the prologue is run. */
  readonly directory: string;
  readonly modules: readonly string[];
  /** Lines of the shell. */
  readonly prologue: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Program and arguments that start the command `privatesnn`. */
  readonly command: readonly string[];
  /** How many stages a worker does at a time. */
  readonly jobs: number;
  /** Minutes without work after which a worker ends. */
  readonly idle: number;
  /** How many threads a worker may use; those that the system gives it when left out. */
  readonly threads: number | undefined;
}

/** The script of each task: a worker of the run. The shell becomes it, so that Slurm's signals reach it. */
export function workerScript(request: ScriptRequest): string {
  const { run, directory, modules, prologue, environment, command, jobs, idle, threads } = request;
  const worker = [...command, 'worker', run, '--jobs', String(jobs), '--idle', String(idle)];
  return [
    // A login shell knows "module".
    '#!/bin/bash -l',
    `cd ${quoted(directory)} || exit 1`,
    ...modules.map((name) => `module load ${quoted(name)} || exit 1`),
    ...(threads === undefined ? [] : [`export PRIVATESNN_THREADS=${threads}`]),
    ...Object.entries(environment).map(([name, value]) => `export ${name}=${quoted(value)}`),
    ...(prologue === '' ? [] : [prologue]),
    `export ${nameVariable}="${namePrefix}\${SLURM_ARRAY_JOB_ID}_\${SLURM_ARRAY_TASK_ID}.\$(hostname)"`,
    `exec ${worker.map(quoted).join(' ')}`,
    '',
  ].join('\n');
}

/** The environment variable with the name that a worker goes by, and what the names of Slurm's tasks begin with. */
const nameVariable = 'PRIVATESNN_WORKER';
const namePrefix = 'slurm-';

/** Whether a worker is, or was, that of a task. */
export const isOfTask = (worker: string, task: string) =>
  worker.startsWith(`${namePrefix}${task}.`);
