import { isAbsolute, relative } from 'node:path';

/**
 * The command line as it can be typed into a shell. Absolute paths in the working directory are made relative to
 * it, so that it tells nothing of its user's folders.
 *
 * @param argv the arguments after the program's name
 */
export function commandLine(argv: readonly string[], directory = process.cwd()): string {
  return ['privatesnn', ...argv.map((text) => quote(shorten(text, directory)))].join(' ');
}

/** A path as short as it can be named from a directory. */
export function shorten(text: string, directory = process.cwd()): string {
  if (!isAbsolute(text)) return text;
  const path = relative(directory, text);
  return path === '' ? '.' : path.startsWith('..') || isAbsolute(path) ? text : path;
}

function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
