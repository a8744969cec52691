import { escapeMarkdown } from '../../table/markdown.js';
import { comparisonMarkdown } from '../comparison-markdown.js';
import type { PaperEntry, PaperRun } from './entry.js';
import { reasonText, reportLead, reportNames, reportTitle } from './texts.js';

/** The report of all tables and figures in Markdown; grids and pages are linked in the run folders. */
export function paperMarkdown(entries: readonly PaperEntry[]): string {
  return [
    `# ${reportTitle}`,
    '',
    reportLead(entries),
    '',
    reportNames,
    '',
    ...entries.flatMap((entry) => [entryMarkdown(entry), '']),
  ]
    .join('\n')
    .replace(/\n+$/, '\n');
}

function entryMarkdown(entry: PaperEntry): string {
  const { title, description, note, cells, runs } = entry;
  const reason = escapeMarkdown(reasonText(entry));
  const parts = [
    comparisonMarkdown(title, cells, note, description).trimEnd(),
    ...(reason === '' ? [] : [reason]),
    ...runs.map((run) => runLines(run).join('\n')),
  ];
  return parts.join('\n\n');
}

function runLines({ folder, facts, command, warnings, pages, grids }: PaperRun): string[] {
  const links = [
    ...grids.map(({ file }) => `![${file}](${folder}/${file})`),
    ...pages.map((file) => `[${file}](${folder}/${file})`),
  ];
  return [
    `Run \`${folder}\`: ${facts.join(', ')}.`,
    ...(command === null ? [] : ['', '```sh', command, '```']),
    ...(links.length === 0 ? [] : ['', ...links]),
    ...(warnings.length === 0 ? [] : ['', 'Warnings:', '']),
    ...warnings.map((warning) => `- ${escapeMarkdown(warning)}`),
  ];
}
