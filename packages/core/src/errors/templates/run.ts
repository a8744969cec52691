import { basename } from 'node:path';

import { UserError, type ErrorClass, type Place } from '../../contracts/error.js';
import { ownOr } from '../own.js';
import { StrayError } from '../stray.js';
import { safeError } from '../thrown.js';

/** Damage in the cache is no stage's, and what a stage left running names the stage itself. */
const ofNoStage = new Set(['CACHE_CORRUPT', 'STRAY_ERROR']);

/** How errors name a stage: with its plugin and the first of its jobs. */
export function stageName(
  stage: string,
  use: string,
  plugin: string,
  jobs: readonly string[],
): string {
  return `Stage "${stage}" (${use} of ${plugin})${jobs.length > 0 ? ` in job "${jobs[0]}"` : ''}`;
}

/**
 * The wrapper of whatever a stage throws: it names the stage, the plugin and the job, and keeps the cause.
 *
 * @param where what {@link stageName} gives
 * @param place the stage's place in the experiment file
 * @param optionPlaces the places of the options that the file gives
 */
export function stageFailed(
  where: string,
  place: Place,
  optionPlaces: Readonly<Record<string, Place>>,
  thrown: unknown,
): UserError {
  const cause = safeError(thrown);
  const { message } = cause;
  const known = cause instanceof UserError ? cause : undefined;
  if (known && ofNoStage.has(known.code)) return known;
  // Only the user interrupts; a stage that says so has failed.
  const errorClass: ErrorClass =
    known && known.errorClass !== 'interrupted' ? known.errorClass : 'plugin';
  const file = known?.place?.file ?? '';
  // A file without a line is named in the message; the place then shows the stage that reads it.
  const named = message.includes(basename(file)) ? '' : `${file}: `;
  const inFile = known?.place?.line !== undefined;
  const text = `${where} failed: ${inFile ? '' : named}${message}`;
  const hint = known ? known.hint : 'The stack trace is in events.jsonl of the run folder.';
  return new UserError(errorClass, known?.code ?? 'STAGE_FAILED', text, {
    place: inFile ? known.place! : ownOr(optionPlaces, known?.option, place),
    cause,
    ...(hint === undefined ? {} : { hint }),
  });
}

export function reporterFailed(use: string, plugin: string, thrown: unknown): UserError {
  if (thrown instanceof StrayError) return thrown;
  const cause = safeError(thrown);
  const known = cause instanceof UserError && cause.errorClass !== 'interrupted';
  return new UserError(
    known ? cause.errorClass : 'plugin',
    known ? cause.code : 'REPORTER_FAILED',
    `Reporter "${use}" of ${plugin} failed: ${cause.message}`,
    { cause, hint: 'The next run takes the stages that have finished from the cache.' },
  );
}

/** @param method what the service was asked for: "close()" */
export function serviceFailed(service: string, method: string, thrown: unknown): UserError {
  const cause = safeError(thrown);
  if (cause instanceof UserError) return cause;
  return new UserError(
    'plugin',
    'SERVICE_FAILED',
    `${method} of the service "${service}" failed: ${cause.message}`,
    { cause, hint: 'Tell the author of the plugin that brings the service.' },
  );
}

export const interrupted = (folder: string) =>
  new UserError('interrupted', 'INTERRUPTED', `The run was interrupted. Its folder is ${folder}.`, {
    hint: `Finished stages are kept; the same command, started again, goes on from there, and so does "privatesnn resume ${basename(folder)}".`,
  });

export const notARun = (folder: string, cause?: unknown) =>
  new UserError('configuration', 'NOT_A_RUN', `${folder} is no folder of a run.`, {
    cause,
    hint: 'Give a folder that "privatesnn run" has made; "privatesnn status" lists them.',
  });

export const runIsHeld = (
  folder: string,
  { process: id, here }: { readonly process: number; readonly here: boolean },
) =>
  new UserError(
    'configuration',
    'RUN_HELD',
    `The run in ${folder} works already: process ${id}${here ? '' : ' on another machine'}.`,
    { hint: `End it first: privatesnn cancel ${basename(folder)}` },
  );

export const runTakenOver = (folder: string) =>
  new UserError(
    'interrupted',
    'RUN_TAKEN_OVER',
    `Another process has taken over the run in ${folder}, since this one was not heard of for a minute.`,
  );

export const noInstance = (received: string) =>
  new UserError(
    'plugin',
    'NO_INSTANCE',
    `create() gave ${received}; expected an object with run().`,
  );

export const noOutputs = (received: string, outputs: readonly string[]) =>
  new UserError(
    'plugin',
    'NO_OUTPUTS',
    `run() gave ${received}; expected an object with the outputs ${outputs.join(', ')}.`,
    { hint: 'Does it end without a "return"?' },
  );

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
