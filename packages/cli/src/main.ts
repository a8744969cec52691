import { readFileSync } from 'node:fs';

import { CommanderError } from 'commander';

import { tellSupervisor } from './commands/supervise.js';
import { createProgram } from './program.js';

/** Runs the command line and ends the process with the command's exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', unreadIsNoError);
  const manifest = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  ) as { version: string };
  let code = 0;
  const program = createProgram(argv, manifest.version, (exitCode) => {
    code = exitCode;
  });
  for (const command of [
    program,
    ...program.commands,
    ...program.commands.flatMap(({ commands }) => commands),
  ]) {
    command.exitOverride();
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    code = await failure(error).catch(notLoaded);
  }
  // A class of errors that nobody knows must not end in 0.
  if (!Number.isInteger(code)) code = 1;
  process.exitCode = code;
  await tellSupervisor({ done: code });
  // A library may leave a timer or a thread behind; what was printed must still reach its reader.
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
}

/** Where not even the module that shows errors could be loaded. */
function notLoaded(error: unknown): number {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'EMFILE' && code !== 'ENFILE') throw error;
  process.stderr.write(
    'Error [TOO_MANY_FILES] The program could not be loaded: too many files are open.\n' +
      '→ Raise the limit ("ulimit -n 4096" in the shell).\n',
  );
  return 5;
}

/** Whoever read the output is gone (`| head -1`, a closed terminal): the work goes on, and its files are written. */
function unreadIsNoError(error: NodeJS.ErrnoException): void {
  if (!['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED'].includes(error.code ?? '')) throw error;
}

async function failure(error: unknown): Promise<number> {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const { showFailure } = await import('./failure.js');
  return showFailure(error);
}
