import { spawn, type ChildProcess } from 'node:child_process';
import { join, resolve } from 'node:path';

const core = resolve(import.meta.dirname, '../../../core/src/testing');

/** The plugin of fake stages. */
export const fakePlugin = join(core, 'fake-plugin.js');

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Started = ChildProcess & { ended: Promise<Outcome> };

/** Starts the command in a folder, with a cache of its own. */
export function start(folder: string, ...argv: readonly string[]): Started {
  return startWith({ PRIVATESNN_CACHE: join(folder, 'cache') }, folder, ...argv);
}

/** Starts the command with more in its environment. */
export function startWith(
  environment: NodeJS.ProcessEnv,
  folder: string,
  ...argv: readonly string[]
): Started {
  const child = spawn(
    process.execPath,
    [
      '-C',
      '@privatesnn/source',
      '--import',
      join(core, 'typescript-loader.js'),
      join(import.meta.dirname, 'cli.ts'),
      ...argv,
    ],
    { cwd: folder, env: { ...process.env, ...environment } },
  );
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data) => (stdout += String(data)));
  child.stderr.on('data', (data) => (stderr += String(data)));
  const ended = new Promise<Outcome>((done) => {
    child.on('close', (code) => done({ code, stdout, stderr }));
  });
  return Object.assign(child, { ended });
}
