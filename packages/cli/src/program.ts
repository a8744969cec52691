import { Command, Option } from 'commander';

import { commandLine } from './command-line.js';
import type { CollectOptions } from './commands/collect.js';
import type { PaperOptions } from './commands/paper.js';
import type { RunOptions } from './commands/run.js';
import type { IsolationOptions } from './isolation.js';
import { addRunCommands } from './run-commands.js';

interface CommonOptions extends IsolationOptions {
  readonly profile?: string;
  readonly seed?: string;
  readonly json?: boolean;
  readonly cache?: string;
}

/** `--no-cache`; commander would store it in place of the folder that `--cache` names. */
class NoCacheOption extends Option {
  override attributeName(): string {
    return 'useCache';
  }
}

/**
 * The command line.
 *
 * @param argv the arguments after the program's name
 * @param done gets the exit code of the command that ran
 */
export function createProgram(
  argv: readonly string[],
  version: string,
  done: (exitCode: number) => void,
): Command {
  const program = new Command('privatesnn')
    .description(
      'Private spiking networks from trained classifiers: convert, encrypt, attack, measure.',
    )
    .version(version)
    .showSuggestionAfterError()
    .configureHelp({ helpWidth: 80, minWidthToWrap: 20 });
  const experiment = (name: string, text: string, more: readonly [string, string][] = []) =>
    more
      .reduce(
        (command, [argument, meaning]) => command.argument(argument, meaning),
        program.command(name).description(text).argument('<file>', 'experiment file'),
      )
      .argument('[overrides...]', 'stage.option=value, +stage={…}, ~stage.option')
      .option('--profile <name>', "one of the file's profiles")
      .option('--seed <number>', 'root seed')
      .option('--isolate', 'run plugins that are not trusted in processes without rights')
      .option(
        '--trust <plugin>',
        'a plugin that keeps all rights with --isolate; may be repeated',
        (name: string, before: readonly string[] = []) => [...before, name],
      );

  experiment('run', 'run an experiment, or go on with one that was interrupted')
    .option('--out <folder>', 'where the run folder is made (default: runs)')
    .option('--cache <location>', 'folder of the cache, or s3://bucket/prefix')
    .addOption(new NoCacheOption('--no-cache', 'compute everything anew, and store it'))
    .option('--json', 'print a summary as JSON; progress goes to standard error')
    .option('--quiet', 'show warnings and reports only')
    .option('--jobs <number>', 'stages at a time (default: by cores and free memory)')
    .option('--launcher <launcher>', 'where stages are computed: local, or a launcher or its file')
    .option('--fail-fast', 'stop at the first stage that fails')
    .option('--retry <number>', 'try a stage that failed so often again')
    .option('--patience <minutes>', 'end a stage whose process is silent so long (default: 30)')
    .option('--profile-run', "tell where each stage's time goes, by layer; also in profile.md")
    .option('--dry-run', 'show what would run')
    .action(
      async (
        file: string,
        overrides: string[],
        options: CommonOptions & RunOptions & { dryRun?: boolean },
      ) => {
        if (options.dryRun) return done(await plan(file, overrides, options));
        const supervision = await import('./commands/supervise.js');
        if (!supervision.isSupervised()) return done(await supervision.supervise(argv));
        (await import('./stray-errors.js')).endOnStrayErrors();
        const { runHere } = await import('./commands/run.js');
        done(await runHere(file, overrides, { ...options, command: commandLine(argv) }));
      },
    );

  experiment('plan', 'show the jobs and stages of an experiment, and which are cached')
    .option('--cache <location>', 'folder of the cache, or s3://bucket/prefix')
    .option('--json', 'print JSON')
    .action(async (file: string, overrides: string[], options: CommonOptions) => {
      done(await plan(file, overrides, options));
    });

  experiment('validate', 'check an experiment file').action(
    async (file: string, overrides: string[], options: CommonOptions) => {
      const { openPlan } = await import('./open.js');
      (await import('./stray-errors.js')).endOnStrayErrors();
      const { jobs, nodes } = await openPlan(file, { ...options, overrides });
      const { count } = await import('./progress/format.js');
      const found = `${count(jobs.length, 'job')}, ${count(nodes.length, 'stage')}`;
      const { say } = await import('./terminal.js');
      say(process.stdout, `${file} is valid: ${found}.\n`);
      done(0);
    },
  );

  program
    .command('paper')
    .description(
      'run tables and figures of the paper, and write one report; without names, list them',
    )
    .argument('[names...]', 'names, beginnings of names, or all; and stage.option=value')
    .option('--profile <name>', 'desk (small) or paper (published sizes)')
    .option('--seed <number>', 'root seed')
    .option('--fail-fast', 'stop at the first that fails')
    .option('--jobs <number>', 'stages at a time (default: by cores and free memory)')
    .option('--launcher <launcher>', 'where stages are computed: local, or a launcher or its file')
    .option('--join', 'run nothing: write the report from the finished runs')
    .option('--out <folder>', 'where run folders and the report are made', 'runs/paper')
    .option('--experiments <folder>', 'where the experiment files lie', 'experiments/paper')
    .option('--cache <location>', 'folder of the cache, or s3://bucket/prefix')
    .addOption(new NoCacheOption('--no-cache', 'compute everything anew, and store it'))
    .option('--quiet', 'show warnings and reports only')
    .action(async (words: string[], options: PaperOptions & { join?: boolean }) => {
      const isOverride = (word: string) => word.includes('=') || word.startsWith('~');
      const overrides = words.filter(isOverride);
      const names = words.filter((word) => !isOverride(word));
      const load = () => import('./commands/paper.js');
      const settings = { ...options, command: commandLine(argv) };
      if (options.join) return done(await (await load()).runPaper([], [], settings));
      if (names.length === 0) {
        await (await load()).listPaper(options);
        return done(0);
      }
      const supervision = await import('./commands/supervise.js');
      if (!supervision.isSupervised()) return done(await supervision.supervise(argv));
      (await import('./stray-errors.js')).endOnStrayErrors();
      done(await (await load()).runPaper(names, overrides, settings));
    });

  program
    .command('stages')
    .description('list the stages of the bundled plugins, or show one with its options')
    .argument('[id]', 'stage or reporter')
    .option('--json', 'print JSON')
    .action(async (id: string | undefined, { json }: CommonOptions) => {
      const { printStages } = await import('./commands/stages.js');
      await printStages(id, json ?? false);
      done(0);
    });

  program
    .command('doctor')
    .description('show what this machine has: Node, cores, TensorFlow, engine, disk')
    .option('--bench', 'measure how fast it is (half a minute), and whether TensorFlow pays')
    .option('--json', 'print JSON')
    .action(async ({ json = false, bench = false }: CommonOptions & { bench?: boolean }) => {
      const { printDoctor } = await import('./commands/doctor.js');
      await printDoctor({ json, bench });
      done(0);
    });

  program
    .command('node', { hidden: true })
    .description('work on what the parent process sends')
    .argument('<run>', "the run's folder")
    .option('--cache <location>', 'folder of the cache, or s3://bucket/prefix')
    .action(async (_run: string, { cache }: CommonOptions) => {
      await (await import('./commands/node.js')).workOn(cache);
      done(0);
    });

  addRunCommands(program, argv, done);
  experiment('why', 'say why a stage would be computed: what differs from the nearest result', [
    ['<stage>', 'name of the stage in the file'],
  ])
    .option('--cache <location>', 'folder of the cache, or s3://bucket/prefix')
    .option('--json', 'print JSON')
    .action(async (file: string, stage: string, overrides: string[], options: CommonOptions) => {
      const { openPlan } = await import('./open.js');
      (await import('./stray-errors.js')).endOnStrayErrors();
      const { printWhy } = await import('./commands/why.js');
      await printWhy(await openPlan(file, { ...options, overrides }), stage, options);
      done(0);
    });
  addCacheCommands(program, done);
  return program;
}

async function plan(
  file: string,
  overrides: readonly string[],
  options: CommonOptions,
): Promise<number> {
  const { openPlan } = await import('./open.js');
  (await import('./stray-errors.js')).endOnStrayErrors();
  const { printPlan } = await import('./commands/plan.js');
  const opened = await openPlan(file, { ...options, overrides });
  await printPlan(opened, {
    json: options.json,
    cache: options.cache,
  });
  return 0;
}

function addCacheCommands(program: Command, done: (exitCode: number) => void): void {
  const cache = program.command('cache').description('look after the cached results');
  const load = () => import('./commands/cache.js');
  const sub = (name: string, text: string) =>
    cache
      .command(name)
      .description(text)
      .option('--cache <location>', 'folder of the cache, or s3://bucket/prefix');
  sub('list', 'list the cached results').action(async (options: { cache?: string }) => {
    await (await load()).listCache(options.cache);
    done(0);
  });
  sub('verify', 'read everything and report what is damaged')
    .option('--remove', 'remove what is damaged')
    .action(async (options: { cache?: string; remove?: boolean }) => {
      done(await (await load()).verifyCache(options.cache, options.remove));
    });
  sub('gc', 'show results that are old and that no run names, and remove them')
    .option('--older-than <time>', 'results older than 30d, 12h or 45m')
    .option('--max-size <size>', 'the oldest results until the rest fits into 500MB or 10GB')
    .option(
      '--runs <folder>',
      'further runs whose results stay, beside those the cache knows',
      'runs',
    )
    .option('--ignore-unseen', 'also results of runs of other machines that are not seen here')
    .option('--remove', 'remove them; without this they are only shown')
    .action(async (options: CollectOptions) => {
      await (await import('./commands/collect.js')).collectCache(options);
      done(0);
    });
  sub('clear', 'remove all cached results').action(async (options: { cache?: string }) => {
    await (await load()).clearCache(options.cache);
    done(0);
  });
}
