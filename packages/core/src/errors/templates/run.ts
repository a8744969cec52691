import { basename } from 'node:path';

import { UserError, type ErrorClass, type Place } from '../../contracts/error.js';

/**
 * The wrapper of whatever a stage throws: it names the stage, the plugin and the job, and keeps the cause.
 *
 * @param place the stage's place in the experiment file
 * @param optionPlaces the places of the options that the file gives
 */
export function stageFailed(
  stage: string,
  use: string,
  plugin: string,
  jobs: readonly string[],
  place: Place,
  optionPlaces: Readonly<Record<string, Place>>,
  cause: unknown,
): UserError {
  const where = `Stage "${stage}" (${use} of ${plugin})${jobs.length > 0 ? ` in job "${jobs[0]}"` : ''}`;
  const known = cause instanceof UserError ? cause : undefined;
  const errorClass: ErrorClass = known?.errorClass ?? 'plugin';
  const message = cause instanceof Error ? cause.message : String(cause);
  const file = known?.place?.file ?? '';
  // A file without a line is named in the message; the place then shows the stage that reads it.
  const named = message.includes(basename(file)) ? '' : `${file}: `;
  const inFile = known?.place?.line !== undefined;
  const text = `${where} failed: ${inFile ? '' : named}${message}`;
  const hint = known ? known.hint : 'The stack trace is in events.jsonl of the run folder.';
  return new UserError(errorClass, known?.code ?? 'STAGE_FAILED', text, {
    place: inFile ? known.place! : (optionPlaces[known?.option ?? ''] ?? place),
    cause,
    ...(hint === undefined ? {} : { hint }),
  });
}

export const reporterFailed = (use: string, plugin: string, cause: unknown) =>
  new UserError(
    cause instanceof UserError ? cause.errorClass : 'plugin',
    cause instanceof UserError ? cause.code : 'REPORTER_FAILED',
    `Reporter "${use}" of ${plugin} failed: ${cause instanceof Error ? cause.message : String(cause)}`,
    { cause, hint: 'All stages have finished; the next run takes them from the cache.' },
  );

export const interrupted = (folder: string) =>
  new UserError('interrupted', 'INTERRUPTED', `The run was interrupted. Its folder is ${folder}.`, {
    hint: 'Finished stages are kept; the same command, started again, goes on from there.',
  });

export const badArtefact = (output: string, what: string) =>
  new UserError('plugin', 'BAD_ARTEFACT', `Output "${output}" ${what}`);

export const usesServiceTooEarly = (service: string) =>
  new UserError(
    'plugin',
    'SERVICE_TOO_EARLY',
    `The stage uses the service "${service}" in create() or fingerprint(); it may use it in run() only.`,
  );

export const undeclaredAncestors = (use: string) =>
  new UserError(
    'plugin',
    'ANCESTORS_UNDECLARED',
    `Stage "${use}" calls context.ancestors, but its definition does not say readsAncestors: true.`,
    { hint: "Declare it, so that the ancestors count in the stage's cache key." },
  );

export const badReportPath = (path: string) =>
  new UserError(
    'plugin',
    'BAD_REPORT_PATH',
    `A reporter may write into the run folder only, not to "${path}".`,
  );
