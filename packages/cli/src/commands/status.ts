import { basename } from 'node:path';

import { readRun, visibleLine, wrap, type RunState, type StageRef } from '@privatesnn/core';

import { shorten } from '../command-line.js';
import { clockTime, count, cut, duration } from '../progress/format.js';
import { findRun, runFolders } from '../runs.js';
import { paintFor, say, sayJson, terminalOf, type Paint } from '../terminal.js';

export interface StatusOptions {
  /** Where run folders lie. */
  readonly out: string;
  readonly json?: boolean;
}

/** So many stages and failures are shown, each. */
const shown = 10;

/** Shows what has become of a run; without a name, of all in a folder. */
export async function printStatus(name: string | undefined, options: StatusOptions): Promise<void> {
  if (name !== undefined) {
    const run = await readRun(await findRun(name, options.out));
    if (options.json) sayJson(asJson(run));
    else say(process.stdout, `${detail(run)}\n`);
    return;
  }
  const runs: RunState[] = [];
  for (const folder of await runFolders(options.out)) runs.push(await readRun(folder));
  if (options.json) sayJson(runs.map(asJson));
  else say(process.stdout, `${overview(runs, options.out)}\n`);
}

function asJson(run: RunState) {
  const { folder, manifest, status, holder, jobs, heard, failures } = run;
  const { name, started, resumed = [], finished, seconds } = manifest;
  return {
    folder,
    name,
    status,
    process: holder?.alive ? holder.process : null,
    started,
    resumed,
    heard,
    finished,
    seconds,
    stages: {
      ...stagesOf(run),
      working: run.working.map(({ ref, since }) => ({ stage: ref.stage, jobs: ref.jobs, since })),
    },
    jobs,
    failures,
  };
}

function stagesOf({ count: all, ended, failures }: RunState) {
  const cached = [...ended.values()].filter((stage) => stage.cached).length;
  return { count: all, finished: ended.size, cached, failed: failures.length };
}

function jobsOf({ jobs }: RunState) {
  const of = (status: string) => jobs.filter((job) => job.status === status).length;
  return { count: jobs.length, finished: of('finished'), failed: of('failed') };
}

/** Seconds that a run has worked, or had when it was heard of last. */
function secondsOf({ manifest, status, heard }: RunState): number {
  if (manifest.seconds !== null) return manifest.seconds;
  const start = manifest.resumed?.at(-1) ?? manifest.started;
  const end = status === 'running' ? Date.now() : Date.parse(heard);
  return Math.max(0, (end - Date.parse(start)) / 1000);
}

function overview(runs: readonly RunState[], out: string): string {
  if (runs.length === 0) return `No runs in ${out}.`;
  const terminal = terminalOf(process.stdout);
  const paint = paintFor(terminal);
  const rows = runs.map((run) => {
    const stages = stagesOf(run);
    const jobs = jobsOf(run);
    return {
      name: basename(run.folder),
      status: run.status,
      figures: [
        `${stages.finished}/${stages.count} stages`,
        `${jobs.finished}/${jobs.count} jobs`,
        duration(secondsOf(run)),
      ],
    };
  });
  const widths = [0, 1, 2].map((at) => Math.max(...rows.map(({ figures }) => figures[at]!.length)));
  const lines = rows.map(({ name, status, figures }) => {
    const tail = figures.map((text, at) => text.padStart(widths[at]!)).join('  ');
    const room = Math.max(12, Math.min(terminal.columns, 120) - tail.length - 15);
    const width = Math.min(room, Math.max(...rows.map((row) => row.name.length)));
    const start = cut(visibleLine(name), width).padEnd(width);
    return `${start}  ${colourOf(status, paint)(status.padEnd(11))}  ${tail}`;
  });
  return lines.join('\n');
}

function colourOf(status: RunState['status'], paint: Paint): (text: string) => string {
  if (status === 'finished') return paint.green;
  if (status === 'running') return paint.cyan;
  return status === 'interrupted' ? paint.yellow : paint.red;
}

function detail(run: RunState): string {
  const { manifest, status, holder, failures } = run;
  const terminal = terminalOf(process.stdout);
  const width = Math.min(terminal.columns, 100);
  const paint = paintFor(terminal);
  const name = basename(run.folder);
  const stages = stagesOf(run);
  const jobs = jobsOf(run);
  const lines: string[] = [];
  const row = (label: string, text: string) => {
    const wrapped = wrap(visibleLine(text), width - 10).replaceAll('\n', `\n${' '.repeat(10)}`);
    lines.push(`${label.padEnd(10)}${wrapped}`);
  };
  lines.push(paint.bold(cut(visibleLine(name), width)));
  row('status', colourOf(status, paint)(statusText(run)));
  const resumed = manifest.resumed ?? [];
  const again =
    resumed.length === 0
      ? ''
      : `, resumed ${count(resumed.length, 'time')}, last ${clockTime(resumed.at(-1)!)}`;
  row('started', `${clockTime(manifest.started)}${again}; ${duration(secondsOf(run))}`);
  if (manifest.command !== null) row('command', manifest.command);
  const failed = jobs.failed === 0 ? '' : `, ${jobs.failed} failed`;
  row('jobs', `${jobs.finished} of ${jobs.count} finished${failed}`);
  const broken = stages.failed === 0 ? '' : `, ${stages.failed} failed`;
  row(
    'stages',
    `${stages.finished} of ${stages.count} finished (${stages.cached} from the cache)${broken}`,
  );
  const word = status === 'running' ? 'working' : 'cut off';
  run.working.slice(0, shown).forEach(({ ref, since }, at) => {
    const time = duration(Math.max(0, (Date.now() - Date.parse(since)) / 1000));
    const text = `${where(ref)}, ${status === 'running' ? `for ${time}` : `since ${clockTime(since)}`}`;
    row(at === 0 ? word : '', text);
  });
  if (run.working.length > shown) row('', `and ${run.working.length - shown} more`);
  failures.slice(0, shown).forEach(({ status: how, message }, at) => {
    row(at === 0 ? 'failed' : '', `${how}: ${message.split('\n')[0]}`);
  });
  if (failures.length > shown)
    row('', `and ${failures.length - shown} more: privatesnn logs ${name}`);
  if (status === 'dead' || status === 'interrupted' || status === 'failed') {
    row('go on', `privatesnn resume ${resumable(run.folder)}`);
  }
  if (status === 'running' && holder) row('end', `privatesnn cancel ${resumable(run.folder)}`);
  return lines.join('\n');
}

function statusText({ status, holder, manifest, heard }: RunState): string {
  if (status === 'running') {
    return `running (process ${holder!.process}${holder!.here ? '' : ' on another machine'})`;
  }
  if (status === 'dead') return `dead: its process is gone; heard of last ${clockTime(heard)}`;
  return manifest.finished === null ? status : `${status}, ${clockTime(manifest.finished)}`;
}

/** How a run can be named on the command line from here. */
export function resumable(folder: string): string {
  const short = shorten(folder);
  return short === `runs/${basename(folder)}` ? basename(folder) : short;
}

function where({ stage, use, jobs, index, count: all }: StageRef): string {
  const job = jobs.length === 1 ? `${jobs[0]} · ` : jobs.length > 1 ? `${jobs.length} jobs · ` : '';
  return `[${index}/${all}] ${job}${stage}${use === stage ? '' : ` (${use})`}`;
}
