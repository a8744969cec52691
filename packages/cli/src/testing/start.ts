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

/** Starts the command in a folder. */
export function start(
  folder: string,
  ...argv: readonly string[]
): ChildProcess & { ended: Promise<Outcome> } {
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
    { cwd: folder, env: { ...process.env, PRIVATESNN_CACHE: join(folder, 'cache') } },
  );
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data) => (stdout += String(data)));
  child.stderr.on('data', (data) => (stderr += String(data)));
  const ended = new Promise<Outcome>((done) => {
    child.on('close', (code) => done({ code, stdout, stderr }));
  });
  return Object.assign(child, { ended });
}
