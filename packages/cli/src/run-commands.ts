import type { Command } from 'commander';

import { commandLine } from './command-line.js';
import type { CancelOptions } from './commands/cancel.js';
import type { LogsOptions } from './commands/logs.js';
import type { RunOptions } from './commands/run.js';
import type { StatusOptions } from './commands/status.js';
import type { WorkerOptions } from './commands/worker.js';

const which = "a run: its folder, its name, the beginning of its name, or 'last'";

/**
 * The commands about runs that there are.
 *
 * @param argv the arguments after the program's name
 * @param done gets the exit code of the command that ran
 */
export function addRunCommands(
  program: Command,
  argv: readonly string[],
  done: (exitCode: number) => void,
): void {
  const command = (name: string, text: string) =>
    program
      .command(name)
      .description(text)
      .option('--out <folder>', 'where run folders lie', 'runs');

  command('resume', 'go on with a run that was interrupted, has failed or was killed')
    .argument('<run>', which)
    .option('--json', 'print a summary as JSON; progress goes to standard error')
    .option('--quiet', 'show warnings and reports only')
    .option('--jobs <number>', 'stages at a time (default: as the run was started)')
    .option('--retry <number>', 'try a stage that failed so often again')
    .option('--patience <minutes>', 'end a stage whose process is silent so long')
    .action(async (run: string, options: RunOptions & { out: string }) => {
      const supervision = await import('./commands/supervise.js');
      if (!supervision.isSupervised()) return done(await supervision.supervise(argv));
      (await import('./stray-errors.js')).endOnStrayErrors();
      const { resumeHere } = await import('./commands/resume.js');
      done(await resumeHere(run, { ...options, command: commandLine(argv) }));
    });

  program
    .command('worker')
    .description('work for runs that are started elsewhere')
    .argument('<where>', 'the folder of a run that all machines see, or redis://host:port')
    .option('--jobs <number>', 'stages at a time (default: by cores and free memory)')
    .option('--patience <minutes>', 'end a stage whose process is silent so long (default: 30)')
    .option('--idle <minutes>', 'end when there was nothing to do for so long (default: never)')
    .option(
      '--cache <location>',
      'folder of the cache, or s3://bucket/prefix (default: where the run says)',
    )
    .option('--launcher <file>', 'launcher file of a plugin that brings its own')
    .option('--quiet', 'say nothing')
    .action(async (where: string, options: WorkerOptions) => {
      const supervision = await import('./commands/supervise.js');
      if (!supervision.isSupervised()) return done(await supervision.supervise(argv));
      (await import('./stray-errors.js')).endOnStrayErrors();
      done(await (await import('./commands/worker.js')).workAt(where, options));
    });

  command('status', 'show what has become of a run; without a name, of all')
    .argument('[run]', which)
    .option('--json', 'print JSON')
    .action(async (run: string | undefined, options: StatusOptions) => {
      await (await import('./commands/status.js')).printStatus(run, options);
      done(0);
    });

  command('logs', 'print what a run told: stages, warnings, output, errors')
    .argument('<run>', which)
    .argument('[job]', 'only of this job')
    .option('--follow', 'go on until the run has ended')
    .option('--json', 'print the events as JSON lines')
    .action(async (run: string, job: string | undefined, options: LogsOptions) => {
      await (await import('./commands/logs.js')).printLogs(run, job, options);
      done(0);
    });

  command('cancel', 'end a run from elsewhere, after the checkpoints that are due')
    .argument('<run>', which)
    .option('--now', 'at once; the work since the last checkpoints is lost')
    .action(async (run: string, options: CancelOptions) => {
      await (await import('./commands/cancel.js')).cancelRun(run, options);
      done(0);
    });
}
