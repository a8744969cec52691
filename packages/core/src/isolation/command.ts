import { getHeapStatistics } from 'node:v8';

import { noIsolation } from '../errors/templates/isolation.js';
import type { IsolatedPlugin } from './isolation.js';
import { distinctPaths } from './links.js';
import { programReadable } from './readable.js';

/** Seconds of processor time after which the system ends a process that answers a question. */
const cpuSeconds = 15;

/**
 * Program and arguments of an isolated process: Node under its permission model, with a private folder and code to read,
 * and nothing else; no child processes, threads, native addons or debugger.
 *
 * @param mode what it is asked for: see `serveIsolated`
 */
export function isolatedCommand(
  { readable, program }: IsolatedPlugin,
  folder: string,
  mode: 'ask' | 'run',
): readonly string[] {
  const readings = [...distinctPaths([...programReadable(program), ...readable]), folder];
  const megabytes = Math.ceil(getHeapStatistics().heap_size_limit / 2 ** 20);
  const command = [
    process.execPath,
    permissionFlag(),
    ...readings.map((path) => `--allow-fs-read=${path}`),
    `--allow-fs-write=${folder}`,
    // SQLite opens files without asking for a permission.
    ...known('--no-experimental-sqlite'),
    ...known('--disable-sigusr1'),
    '--no-warnings',
    `--max-old-space-size=${megabytes}`,
    program.entry,
    mode,
  ];
  if (mode === 'run' || process.platform === 'win32') return command;
  // It may be in an endless loop when its parent is killed, and no thread of its own can look after that.
  return ['/bin/sh', '-c', `ulimit -t ${cpuSeconds} 2>/dev/null; exec "$@"`, 'sh', ...command];
}

/** Nothing of the user's environment: it may hold secrets. */
export const isolatedEnvironment: NodeJS.ProcessEnv =
  process.platform === 'win32' ? { SystemRoot: process.env['SystemRoot'] } : {};

/** @throws UserError ISOLATION_UNAVAILABLE where this Node has no permission model */
function permissionFlag(): string {
  const flag = [...known('--permission'), ...known('--experimental-permission')][0];
  if (flag === undefined) throw noIsolation(process.version);
  return flag;
}

function known(flag: string): string[] {
  return process.allowedNodeEnvironmentFlags.has(flag) ? [flag] : [];
}
