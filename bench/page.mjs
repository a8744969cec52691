// Tables in Markdown, and parts of a page that a command writes anew: what lies between `<!-- bench: NAME -->` and
// the next `<!-- /bench -->`.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What was measured with, for below a table. */
export function machineLine() {
  const cwd = dirname(fileURLToPath(import.meta.url));
  const git = (...args) => execFileSync('git', args, { cwd, encoding: 'utf8' }).trim();
  // The page itself and its pictures may differ: a command writes them part after part.
  const changed = git('status', '--porcelain', '--', ':/', ':(top,exclude)docs');
  const commit = git('rev-parse', '--short', 'HEAD') + (changed ? '-dirty' : '');
  const [{ model }] = cpus();
  const processors = `${cpus().length} processors (${model.trim()})`;
  return `Measured with Node ${process.versions.node} on ${processors}, commit ${commit}.`;
}

/** A table with padded columns, as prettier has them. */
export function markdownTable(columns, rows) {
  const all = [columns, ...rows].map((cells) => cells.map(String));
  const widths = columns.map((_, i) => Math.max(3, ...all.map((cells) => cells[i].length)));
  const line = (cells) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
  return [line(all[0]), line(widths.map((n) => '-'.repeat(n))), ...all.slice(1).map(line)].join(
    '\n',
  );
}

/** Puts text between the marks of a part of a page; other parts stay as they are. */
export function writePart(file, name, text) {
  const page = readFileSync(file, 'utf8');
  const [open, close] = [`<!-- bench: ${name} -->`, '<!-- /bench -->'];
  const start = page.indexOf(open);
  const end = page.indexOf(close, start);
  if (start < 0 || end < 0) throw new Error(`${file} has no place "${open}" ... "${close}".`);
  writeFileSync(file, `${page.slice(0, start + open.length)}\n\n${text}\n\n${page.slice(end)}`);
}
