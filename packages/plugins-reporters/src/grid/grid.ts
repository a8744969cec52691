import {
  UserError,
  type Images,
  type JobResult,
  type Pictures,
  type RunReport,
} from '@privatesnn/core';

import { nearest } from '../results/nearest.js';
import { outputsOf, type Output } from '../results/read.js';
import { requirePaths } from '../results/values.js';
import type { GridOptions, GroupOptions } from './options.js';
import { picturesOf, type Picture } from './picture.js';

export interface GridColumn {
  /** The job, or '' where the pictures are the same in every job of the group, or only one job has any. */
  readonly title: string;
  /** By class. */
  readonly pictures: ReadonlyMap<string, readonly Picture[]>;
}

export interface GridGroup {
  readonly title: string;
  readonly columns: readonly GridColumn[];
}

/** Classes down, groups of jobs across. */
export interface Grid {
  readonly title: string;
  readonly groups: readonly GridGroup[];
  readonly classes: readonly string[];
  readonly perClass: number;
}

/**
 * Collects the pictures of the grid.
 *
 * @throws UserError REPORT_PATH where a group names pictures that no job has, REPORT_JOB where it names a job
 *   that the run does not have
 */
export async function pictureGrid(
  reporter: string,
  run: RunReport,
  options: GridOptions,
): Promise<Grid> {
  const outputs = run.jobs.flatMap((job) => outputsOf(job, ['pictures', 'images']));
  const groups = options.groups.length > 0 ? options.groups : await groupsOf(run.jobs);
  if (run.jobs.length > 0) {
    const known = [...new Set(outputs.map(({ path }) => path))];
    requirePaths(
      run,
      reporter,
      'picture',
      groups.map(({ pictures }) => pictures),
      known,
    );
  }
  const filled = await Promise.all(
    groups.map(async (group) => ({
      title: group.title,
      columns: await columnsOf(reporter, run, group, outputs, options.perClass),
    })),
  );
  const classes = new Set(
    filled.flatMap(({ columns }) => columns.flatMap(({ pictures }) => [...pictures.keys()])),
  );
  return {
    title: run.title || run.name,
    groups: filled.filter(({ columns }) => columns.length > 0),
    classes: [...classes].slice(0, options.rows),
    perClass: options.perClass,
  };
}

/** Without configured groups: every output of type pictures. */
async function groupsOf(jobs: readonly JobResult[]): Promise<GroupOptions[]> {
  const first = new Map<string, Output<Pictures>>();
  for (const output of jobs.flatMap((job) => outputsOf(job, ['pictures']))) {
    if (!first.has(output.path)) first.set(output.path, output);
  }
  return Promise.all(
    [...first].map(async ([path, output]) => {
      const { title } = await output.load();
      return { title: title || path, pictures: path };
    }),
  );
}

async function columnsOf(
  reporter: string,
  run: RunReport,
  group: GroupOptions,
  outputs: readonly Output<Pictures | Images>[],
  perClass: number,
): Promise<GridColumn[]> {
  const names = group.jobs ?? run.jobs.map(({ name }) => name);
  requireJobs(reporter, names, run);
  const found = names.flatMap((name) =>
    outputs.filter(({ job, path }) => job === name && path === group.pictures),
  );
  const distinct = new Set(found.map(({ digest }) => digest)).size;
  const everywhere = distinct === 1 && found.length === names.length && found.length > 1;
  const alone = found.length === 1 && group.jobs === undefined;
  const untitled = everywhere || alone;
  const shown = untitled ? found.slice(0, 1) : found;
  return Promise.all(
    shown.map(async (output) => {
      const pictures = new Map<string, Picture[]>();
      for (const { label, picture } of picturesOf(await output.load(), perClass)) {
        pictures.set(label, [...(pictures.get(label) ?? []), picture]);
      }
      return { title: untitled ? '' : output.job, pictures };
    }),
  );
}

function requireJobs(reporter: string, names: readonly string[], run: RunReport): void {
  const known = run.jobs.map(({ name }) => name);
  const missing = names.find((name) => !known.includes(name));
  if (missing === undefined) return;
  throw new UserError(
    'configuration',
    'REPORT_JOB',
    `The reporter "${reporter}" names a job "${missing}" that this run does not have.`,
    { hint: `Nearest are: ${nearest(missing, known).join(', ')}.` },
  );
}
