import { escapeMarkdown } from '../../table/markdown.js';
import { comparisonMarkdown } from '../comparison-markdown.js';
import type { PaperEntry, PaperRun } from './entry.js';
import { reportLead, reportTitle } from './texts.js';

/** The report of all tables and figures in Markdown; grids and pages are linked in the run folders. */
export function paperMarkdown(entries: readonly PaperEntry[]): string {
  return [
    `# ${reportTitle}`,
    '',
    reportLead(entries),
    '',
    ...entries.flatMap((entry) => [entryMarkdown(entry), '']),
  ]
    .join('\n')
    .replace(/\n+$/, '\n');
}

function entryMarkdown({ title, note, cells, run, reason }: PaperEntry): string {
  const table = comparisonMarkdown(title, cells, note).trimEnd();
  const below = run === null ? [`Not run: ${escapeMarkdown(reason ?? '')}`] : runLines(run);
  return [table, '', ...below].join('\n');
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
