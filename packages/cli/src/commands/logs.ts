import { setTimeout as sleep } from 'node:timers/promises';

import {
  readManifest,
  readRun,
  runEvents,
  suggestion,
  UserError,
  visible,
  visibleLine,
  wrap,
  type RunEvent,
} from '@privatesnn/core';

import { clockTime, duration } from '../progress/format.js';
import { findRun } from '../runs.js';
import { paintFor, say, sayJson, terminalOf, type Paint } from '../terminal.js';

export interface LogsOptions {
  /** Where run folders lie. */
  readonly out: string;
  /** Goes on until the run has ended. */
  readonly follow?: boolean;
  readonly json?: boolean;
}

const lookMilliseconds = 500;

/** Prints what a run told, of all its jobs or of one: times are this machine's. */
export async function printLogs(
  name: string,
  job: string | undefined,
  { out, follow, json }: LogsOptions,
): Promise<void> {
  const folder = await findRun(name, out);
  const jobs = (await readManifest(folder)).jobs.map((each) => each.name);
  if (job !== undefined && !jobs.includes(job)) {
    throw new UserError('configuration', 'UNKNOWN_JOB', `The run has no job "${job}".`, {
      hint: suggestion(job, jobs, 'jobs'),
    });
  }
  const terminal = terminalOf(process.stdout);
  const paint = paintFor(terminal);
  const width = Math.min(terminal.columns, 120);
  const concerns = (event: RunEvent) =>
    job === undefined ||
    ('job' in event
      ? event.job === job
      : 'jobs' in event && Array.isArray(event.jobs) && event.jobs.includes(job));
  let told = 0;
  for (;;) {
    const over = !follow || (await readRun(folder)).status !== 'running';
    let at = 0;
    for await (const event of runEvents(folder)) {
      if (at++ < told || !concerns(event)) continue;
      if (json) sayJson(event, 0);
      else
        for (const line of linesOf(event, jobs.length, paint, width))
          say(process.stdout, `${line}\n`);
    }
    told = Math.max(told, at);
    if (over) return;
    await sleep(lookMilliseconds);
  }
}

/** An event for people; none where it says nothing that another does not. */
function linesOf(event: RunEvent, jobs: number, paint: Paint, width: number): string[] {
  const time = paint.dim(clockTime(event.time, 'time'));
  const where = 'stage' in event && 'jobs' in event ? stageOf(event, jobs) : '';
  const line = (text: string, colour = (one: string) => one) => {
    const whole = wrap(visible(where === '' ? text : `${where}: ${text}`), width - 9);
    return [`${time} ${colour(whole.replaceAll('\n', `\n${' '.repeat(9)}`))}`];
  };
  switch (event.type) {
    case 'run-started':
      return line(`the run starts: ${event.jobs} jobs, ${event.stages} stages`, paint.bold);
    case 'run-finished':
      return line(`the run is ${event.status}, after ${duration(event.seconds)}`, paint.bold);
    case 'stage-started':
      return line('starts', paint.cyan);
    case 'stage-finished':
      return line(
        event.cached ? 'from the cache' : `finished in ${duration(event.seconds)}`,
        paint.green,
      );
    case 'stage-failed':
      return line(`${event.status}: ${event.message}`, paint.red);
    case 'stage-retried':
      return line(`tried again: ${event.message}`, paint.yellow);
    case 'warning':
      return line(`! ${event.message}`, paint.yellow);
    case 'info':
    case 'notice':
      return line(event.message);
    case 'output':
      // As it was printed: it may have a layout of its own.
      return [`${time} ${visibleLine(where)} | ${visibleLine(event.text)}`];
    case 'record':
      return line(`${event.event} ${JSON.stringify(event.data)}`, paint.dim);
    default:
      return [];
  }
}

function stageOf({ stage, jobs }: { stage: string; jobs: readonly string[] }, all: number): string {
  return jobs.length < all && jobs[0] !== undefined ? `${jobs[0]} · ${stage}` : stage;
}
