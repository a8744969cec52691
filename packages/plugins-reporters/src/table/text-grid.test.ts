import { expect, test } from 'vitest';

import { inked } from './text-grid.js';

test('signs have their names where the terminal shows ASCII only', () => {
  const text = 'α = 0.5, θ ≥ 1 … é → 3 × 2, 日';
  expect(inked(text, { unicode: false })).toBe('alpha = 0.5, theta >= 1 ... e -> 3 x 2, ?');
  expect(inked(text, { unicode: true })).toBe(text);
});
