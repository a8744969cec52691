import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { formatPrecise, formatValue, titleWithUnit } from './format.js';

describe('formatValue', () => {
  test.each([
    [0.979, 'percent', undefined, '97.9'],
    [1, 'percent', 0, '100'],
    [5000, 'integer', undefined, '5,000'],
    [1234567, 'integer', undefined, '1,234,567'],
    [55.82, 'times', undefined, '55.8×'],
    [0, 'flag', undefined, 'no'],
    [60000, 'flag', undefined, 'yes'],
    [0.0213, 'number', undefined, '0.021'],
    [12.345, 'number', undefined, '12.35'],
    [448.21, 'number', undefined, '448.2'],
    [0.00002, 'number', undefined, '2.00e-5'],
    [-1234.5, 'number', 1, '-1,234.5'],
    [-0.0001, 'percent', 1, '0.0'],
    [Infinity, 'times', undefined, '∞'],
    [null, 'percent', undefined, ''],
    [undefined, 'flag', undefined, ''],
    [NaN, 'integer', undefined, ''],
  ] as const)('%s as %s with %s decimals is "%s"', (value, format, decimals, text) => {
    expect(formatValue(value, format, decimals)).toBe(text);
  });

  test('loses at most half of the last digit shown', () => {
    const values = fc.double({ min: -1e9, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(values, fc.integer({ min: 0, max: 6 }), (value, decimals) => {
        const shown = Number(formatValue(value, 'times', decimals).replace(/[,×]/g, ''));
        expect(Math.abs(shown - value)).toBeLessThanOrEqual(0.5 * 10 ** -decimals * 1.0001 + 1e-6);
      }),
    );
  });
});

test('formatPrecise keeps six significant digits', () => {
  expect(formatPrecise(0.958)).toBe('0.958');
  expect(formatPrecise(1 / 3)).toBe('0.333333');
  expect(formatPrecise(8_310_000)).toBe('8,310,000');
  expect(formatPrecise(1.5e-9)).toBe('1.5e-9');
  expect(formatPrecise(null)).toBe('');
  const values = fc.double({ min: -1e6, max: 1e6, noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(values, (value) => {
      const shown = Number(formatPrecise(value).replace(/,/g, ''));
      expect(Math.abs(shown - value)).toBeLessThanOrEqual(1e-5 * Math.abs(value));
    }),
  );
});

test('the unit of a percentage stands in the title', () => {
  expect(titleWithUnit('Accuracy', 'percent')).toBe('Accuracy (%)');
  expect(titleWithUnit('Samples', 'integer')).toBe('Samples');
});
