import type { ProfileRow } from '../contracts/profile.js';
import { visibleLine } from '../errors/terminal-text.js';
import type { RunProfile, StageProfile } from './profile.js';
import { summed } from './profile-rows.js';

/** So many rows of a stage are printed, and none that took less of its time than this; the others as one. */
const mostRows = 12;
const leastShare = 0.01;

const head = ['where the time went', '', 'thread s', 'time', 'ops', 'bytes', 'bound'];
/** With two spaces before each column they fill 80. */
const widths = [22, 16, 8, 5, 7, 8, 5];

/** For a terminal, 80 columns wide: each stage's largest rows, but of stages that took next to nothing. */
export function profileText(profile: RunProfile): string {
  const computed = profile.stages.filter(({ status }) => status !== 'cached');
  const cached = profile.stages.length - computed.length;
  const seconds = computed.reduce((sum, stage) => sum + stage.seconds, 0);
  const lines = [line(head)];
  for (const stage of computed) {
    lines.push(`${cut(nameOf(stage, profile), 60)}  ${inSeconds(stage.seconds)} s${ended(stage)}`);
    if (stage.rows.length < 2 || stage.seconds < leastShare * seconds) continue;
    for (const row of largest(stage)) lines.push(line(cells(row, stage.seconds)));
  }
  if (cached > 0) lines.push(`${cached} ${cached === 1 ? 'stage' : 'stages'} from the cache`);
  return `${lines.join('\n')}\n`;
}

/** All rows, a table for each stage. */
export function profileMarkdown(profile: RunProfile): string {
  const sections = profile.stages.map((stage) => {
    const name = `## ${escaped(nameOf(stage, profile))}`;
    if (stage.status === 'cached') return `${name}\n\nFrom the cache.\n`;
    const table = [
      ['part', 'pass', 'calls', ...head.slice(2)],
      ['---', '---', ...head.slice(1).map(() => '--:')],
      ...stage.rows.map((row) => {
        const [part, pass, ...rest] = cells(row, stage.seconds);
        return [part!, pass!, String(row.calls), ...rest];
      }),
    ].map((row) => `| ${row.map(escaped).join(' | ')} |`);
    return `${name}\n\n${inSeconds(stage.seconds)} s${ended(stage)}\n\n${table.join('\n')}\n`;
  });
  return ['# Where the time went\n', ...sections].join('\n');
}

/** A stage that not all jobs share is shown with its first. */
function nameOf({ stage, use, jobs }: StageProfile, run: RunProfile): string {
  const [job] = jobs;
  const where = jobs.length < run.jobs && job !== undefined ? `${job} · ${stage}` : stage;
  return use === stage ? where : `${where} (${use})`;
}

const ended = ({ status }: StageProfile) => (status === 'computed' ? '' : `, ${status}`);

/** The rest in one row; the last one, `other`, stays. */
function largest({ rows, seconds }: StageProfile): readonly ProfileRow[] {
  const named = rows.slice(0, -1);
  const shown = named.slice(0, mostRows).filter(({ elapsed }) => elapsed >= leastShare * seconds);
  const rest = named.slice(shown.length);
  const part = rest.length === 1 ? '1 smaller one' : `${rest.length} smaller ones`;
  return [...shown, ...summed(rest.map((row) => ({ ...row, part, pass: '' }))), rows.at(-1)!];
}

function cells(row: ProfileRow, seconds: number): string[] {
  return [
    row.part,
    row.pass,
    inSeconds(row.seconds),
    percent(row.elapsed, seconds),
    row.operations === undefined ? '' : scaled(row.operations),
    row.bytes === undefined ? '' : `${scaled(row.bytes)}B`,
    row.bound === undefined ? '' : percent(row.bound, row.seconds),
  ];
}

function line(row: readonly string[]): string {
  const text = row.map((cell, i) => {
    const width = widths[i]!;
    return i < 2 ? cut(visibleLine(cell), width).padEnd(width) : cell.padStart(width);
  });
  return `  ${text.join(' ')}`.trimEnd();
}

const cut = (text: string, width: number) =>
  text.length <= width ? text : `${text.slice(0, width - 1)}…`;

const escaped = (text: string) => visibleLine(text).replace(/[\\|`*_<>[\]]/g, '\\$&');

const percent = (part: number, whole: number) =>
  whole > 0 ? `${Math.round((100 * part) / whole)} %` : '';

function inSeconds(seconds: number): string {
  return seconds.toFixed(seconds < 9.995 ? 2 : seconds < 999.95 ? 1 : 0);
}

/** 1.23 G: three digits and a prefix of the SI. */
function scaled(number: number): string {
  const prefixes = ['', 'k', 'M', 'G', 'T', 'P'];
  let [value, prefix] = [number, 0];
  for (; value >= 999.5 && prefix < prefixes.length - 1; prefix++) value /= 1000;
  const digits = value >= 99.95 || prefix === 0 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${prefixes[prefix]}`;
}
