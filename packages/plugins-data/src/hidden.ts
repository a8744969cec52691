/** Entries that systems put beside files, without a dot before their names. */
const systemEntries = new Set([
  '__MACOSX',
  'Icon\r',
  'Thumbs.db',
  'ehthumbs.db',
  'desktop.ini',
  '$RECYCLE.BIN',
  'System Volume Information',
  '@eaDir',
  'lost+found',
]);

/** Whether a file manager hides an entry of that name: dotted names, backup copies, what systems put there. */
export function isHidden(name: string): boolean {
  return name.startsWith('.') || name.endsWith('~') || systemEntries.has(name);
}
