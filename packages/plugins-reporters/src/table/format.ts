/** How a number is shown. */
export const formats = ['number', 'percent', 'integer', 'times', 'flag'] as const;
export type Format = (typeof formats)[number];

const defaultDecimals: Record<Exclude<Format, 'flag' | 'number'>, number> = {
  percent: 1,
  integer: 0,
  times: 1,
};

/**
 * A number as text; '' for null and NaN (a value that is not there is never filled).
 *
 * - `percent`: a fraction times 100, without the sign (it stands in the column's title)
 * - `integer`: rounded, thousands grouped
 * - `times`: a ratio with ×
 * - `flag`: "no" for 0, "yes" for anything else
 * - `number`: two to four significant digits
 *
 * @param decimals digits after the point, or undefined for the format's own
 */
export function formatValue(
  value: number | null | undefined,
  format: Format,
  decimals?: number,
): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '';
  if (format === 'flag') return value === 0 ? 'no' : 'yes';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '-∞';
  const shown = format === 'percent' ? value * 100 : value;
  const digits = decimals ?? (format === 'number' ? decimalsOf(shown) : defaultDecimals[format]);
  const text = fixed(shown, digits, format === 'number' && decimals === undefined);
  return format === 'times' ? `${text}×` : text;
}

/** A number to six significant digits, without trailing zeros; integers in full. '' for null and NaN. */
export function formatPrecise(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return formatValue(value, 'number');
  const shown = Number.isInteger(value) ? value : Number(value.toPrecision(6));
  const decimals = /\.(\d+)$/.exec(String(shown))?.[1]?.length ?? 0;
  return String(shown).includes('e') ? String(shown) : fixed(shown, decimals, false);
}

/** The digits after the point that `formatValue` shows, for a format that shows any. */
export function shownDecimals(value: number, format: Format, decimals?: number): number {
  if (format === 'flag' || format === 'integer') return 0;
  return decimals ?? (format === 'number' ? decimalsOf(value) : defaultDecimals[format]);
}

/** "Accuracy" → "Accuracy (%)": the title with the unit of the numbers below it. */
export function titleWithUnit(title: string, format: Format): string {
  return format === 'percent' ? `${title} (%)` : title;
}

function decimalsOf(value: number): number {
  const size = Math.abs(value);
  if (Number.isInteger(value) || size >= 1000) return 0;
  if (size >= 100) return 1;
  if (size >= 1) return 2;
  return 3;
}

function fixed(value: number, digits: number, allowExponent: boolean): string {
  const size = Math.abs(value);
  if (size >= 1e15 || (allowExponent && size > 0 && size < 1e-3)) return value.toExponential(2);
  const text = value.toFixed(digits);
  const [whole = '', fraction] = text.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  const joined = fraction === undefined ? grouped : `${grouped}.${fraction}`;
  return /^-[0.,]*$/.test(joined) ? joined.slice(1) : joined;
}
