import type { z } from 'zod';

import type { slurmOptions } from './slurm.js';

export type SlurmOptions = z.output<typeof slurmOptions>;

/**
 * Arguments of sbatch for an array of workers, all but the script.
 *
 * @param after arrays that must have ended, in whatever way, before it starts
 */
export function submission(
  options: SlurmOptions,
  run: string,
  place: string,
  count: number,
  after: readonly string[] = [],
): string[] {
  const { partition, account, time, memory, cpusPerTask, nodes, arguments: more } = options;
  const given = {
    partition,
    account,
    time,
    mem: memory,
    'cpus-per-task': cpusPerTask,
    nodelist: nodes,
  };
  return [
    `--array=1-${count}`,
    `--job-name=privatesnn ${run}`,
    // It fills in what follows a percent sign.
    `--output=${place.replaceAll('%', '%%')}/%A_%a.log`,
    '--ntasks=1',
    ...Object.entries(given).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}=${value}`],
    ),
    ...more,
    // The last one counts: the arrays before it have waited for what the user names.
    ...(after.length > 0 ? [`--dependency=afterany:${after.join(':')}`] : []),
  ];
}
