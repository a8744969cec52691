import { spawn, type SpawnOptions } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { until } from './redis-server.js';

/** A worker in a process of its own. */
export interface TestWorker {
  readonly pid: number;
  /** What it has told. */
  text(): string;
  /** Whether it has ended. */
  readonly ended: boolean;
  /** Whether a child of it computes, or has done so. */
  readonly working: boolean;
  /** SIGKILL, to it and to all beneath it. */
  kill(): Promise<void>;
  /** SIGINT; gives its exit code. */
  end(): Promise<number | null>;
}

const loader = resolve(import.meta.dirname, '../../../core/src/testing/typescript-loader.js');

/** Program and arguments that start a program of this folder. */
export const programCommand = (name: string): readonly string[] => [
  process.execPath,
  ...['-C', '@privatesnn/source', '--import', loader],
  join(import.meta.dirname, name),
];

/**
 * Starts a program of this folder.
 *
 * @param before program and arguments that start it in other surroundings
 */
export function startProgram(
  name: string,
  argv: readonly string[],
  options: SpawnOptions = {},
  before: readonly string[] = [],
) {
  const [program = '', ...args] = [...before, ...programCommand(name), ...argv];
  return spawn(program, args, {
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
  });
}

/** Resolves with the folder of a run of `run-process.ts` when a stage of it has come to a checkpoint. */
export function progressOf({ stdout }: ReturnType<typeof startProgram>): Promise<string> {
  let text = '';
  return new Promise((resolve) => {
    stdout.on('data', (data: Buffer) => {
      text += data.toString();
      const [folder, ...progress] = text.split('\n');
      if (progress.length > 1) resolve(folder!);
    });
  });
}

export async function startWorker(
  where: string,
  slots = 1,
  environment: NodeJS.ProcessEnv = {},
  folder?: string,
  before: readonly string[] = [],
): Promise<TestWorker> {
  const options = { env: environment, ...(folder === undefined ? {} : { cwd: folder }) };
  const child = startProgram('worker-process.ts', [where, String(slots)], options, before);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => (text += data.toString()));
  }
  const gone = new Promise<number | null>((done) => child.once('close', done));
  await until(() => child.pid !== undefined, 'a worker');
  const pid = child.pid!;
  return {
    pid,
    text: () => text,
    get ended() {
      return child.exitCode !== null || child.signalCode !== null;
    },
    get working() {
      return beneath(pid).length > 0;
    },
    async kill() {
      killTree(pid);
      await gone;
    },
    async end() {
      child.kill('SIGINT');
      return gone;
    },
  };
}

/** Processes with a text in their command line (Linux). */
export function processesWith(...texts: readonly string[]): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        return texts.every((text) => line.includes(text));
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** SIGKILL, to a process and all beneath it. */
export function killTree(root: number): void {
  for (const one of [root, ...beneath(root)]) end(one);
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** Processes beneath one (Linux). */
export function beneath(root: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return state === 'Z' ? [] : [{ pid: Number(pid), parent: Number(parent) }];
      } catch {
        return [];
      }
    });
  const below = (pid: number): number[] =>
    parents.filter(({ parent }) => parent === pid).flatMap((one) => [one.pid, ...below(one.pid)]);
  return below(root);
}
