export type CsvCell = string | number | null;

/** Records as CSV (RFC 4180): CRLF, quotes doubled; null and NaN are empty cells. */
export function csvText(header: readonly string[], records: Iterable<readonly CsvCell[]>): string {
  return [header, ...records].map((record) => `${record.map(csvCell).join(',')}\r\n`).join('');
}

function csvCell(cell: CsvCell): string {
  if (cell === null || Number.isNaN(cell)) return '';
  const text = String(cell);
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
