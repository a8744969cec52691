import { readFileSync } from 'node:fs';

import { CommanderError } from 'commander';

import { createProgram } from './program.js';

/** Runs the command line and ends the process with the command's exit code. */
export async function main(argv: readonly string[]): Promise<void> {
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
    code = await failure(error);
  }
  process.exitCode = code;
  // A library may leave a timer or a thread behind; what was printed must still reach its reader.
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
}

async function failure(error: unknown): Promise<number> {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const { showFailure } = await import('./failure.js');
  return showFailure(error);
}
