export type CsvCell = string | number | null;

/**
 * Records as CSV (RFC 4180): CRLF, quotes doubled; null and NaN are empty cells. Text that a spreadsheet would compute
 * as a formula gets an apostrophe before it, as spreadsheets themselves mark text.
 */
export function csvText(header: readonly string[], records: Iterable<readonly CsvCell[]>): string {
  return [header, ...records].map((record) => `${record.map(csvCell).join(',')}\r\n`).join('');
}

function csvCell(cell: CsvCell): string {
  if (cell === null || Number.isNaN(cell)) return '';
  const text = typeof cell === 'string' ? plainText(cell) : String(cell);
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const formula = /^(?:[\t\r\n]|\s*[=+\-@＝＋－＠])/;

function plainText(text: string): string {
  const isNumber = text.trim() === text && Number.isFinite(Number(text));
  return formula.test(text) && !isNumber ? `'${text}` : text;
}
