import fc from 'fast-check';
import { expect, test } from 'vitest';

import { warnOfDecline } from './decline.js';

function warningsOf(before: number, after: number): string[] {
  const warnings: string[] = [];
  const rate = ['learningRate', 0.1] as const;
  const outcome = { what: 'the accuracy', before, after, images: 200, rate };
  warnOfDecline({ warn: (message) => void warnings.push(message) }, outcome);
  return warnings;
}

test('training that ended below its start is told with both figures and what to change', () => {
  expect(warningsOf(0.945, 0.31)).toEqual([
    'Training ended below its start: the accuracy, on 200 images, fell from 94.5 % to 31 %. Lower learningRate (it is ' +
      '0.1).',
  ]);
});

test('nothing is told of training that did not', () => {
  const part = fc.integer({ min: 0, max: 200 });
  fc.assert(
    fc.property(part, part, (before, after) => {
      expect(warningsOf(before / 200, after / 200)).toHaveLength(after < before ? 1 : 0);
    }),
  );
});
