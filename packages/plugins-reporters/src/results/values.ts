import { UserError, type RunReport } from '@privatesnn/core';

import { nearest } from './nearest.js';
import { readScalars } from './read.js';

/** The scalars of one job, by path: `stage.output.key`. */
export type JobValues = ReadonlyMap<string, number | null>;

/** The scalars of every job, in the order of the jobs. */
export async function readValues(run: RunReport): Promise<JobValues[]> {
  const scalars = await readScalars(run);
  return scalars.map(
    (outputs) =>
      new Map(
        outputs.flatMap(({ path, content }) =>
          Object.entries(content.values).map(([key, value]) => [`${path}.${key}`, value] as const),
        ),
      ),
  );
}

/** Why values of every job are null, by path, in the order of the jobs; only of those whose stage says why. */
export async function readReasons(run: RunReport): Promise<ReadonlyMap<string, string>[]> {
  const scalars = await readScalars(run);
  return scalars.map(
    (outputs) =>
      new Map(
        outputs.flatMap(({ path, content }) =>
          Object.entries(content.reasons ?? {}).map(
            ([key, why]) => [`${path}.${key}`, why] as const,
          ),
        ),
      ),
  );
}

/** Every path that at least one job has, in order of appearance. */
export function knownPaths(jobs: readonly JobValues[]): string[] {
  return [...new Set(jobs.flatMap((values) => [...values.keys()]))];
}

/**
 * Checks that each wanted path exists in at least one job. Where jobs failed, nothing is refused: they may be those that
 * have it.
 *
 * @param what what the paths lead to, for the message: "value"
 * @param known every path that a job has
 * @throws UserError REPORT_PATH, which names all missing paths and the nearest valid ones
 */
export function requirePaths(
  { manifest }: Pick<RunReport, 'manifest'>,
  reporter: string,
  what: string,
  wanted: Iterable<string>,
  known: readonly string[],
): void {
  if (manifest.jobs.some(({ status }) => status === 'failed')) return;
  const have = new Set(known);
  const missing = [...new Set(wanted)].filter((path) => !have.has(path));
  if (missing.length === 0) return;
  const lines = missing.map((path) => {
    const candidates = nearest(path, known);
    return candidates.length === 0
      ? `"${path}": no job of this run has any ${what}.`
      : `"${path}": nearest are ${candidates.join(', ')}.`;
  });
  throw new UserError(
    'configuration',
    'REPORT_PATH',
    `The reporter "${reporter}" names a ${what} that no job of this run has.\n${lines.join('\n')}`,
    { hint: `Correct the path under reporters: in the experiment file.` },
  );
}
