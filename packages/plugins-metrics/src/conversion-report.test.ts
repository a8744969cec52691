import { fakeContext } from '@privatesnn/testkit';
import { expect, test } from 'vitest';

import { lineOf, stageOf, tinySnn } from './testing/fixtures.js';
import { conversionReport } from './conversion-report.js';

const run = (network: typeof tinySnn, reference: typeof tinySnn) =>
  stageOf(conversionReport, {}, {}).run(fakeContext(), { network, reference });

test('thresholds side by side', async () => {
  const { metrics, thresholds } = await run(
    { ...tinySnn, thresholds: { hidden: 3 } },
    { ...tinySnn, thresholds: { hidden: 2 } },
  );
  expect(metrics.values).toEqual({
    meanRatio: expect.closeTo(1.5, 10),
    lowestRatio: 1.5,
    highestRatio: 1.5,
  });
  expect(thresholds.x).toEqual(['hidden']);
  expect(thresholds.lines).toEqual([
    { name: 'network', y: [3] },
    { name: 'reference', y: [2] },
    { name: 'ratio', y: [1.5] },
  ]);
  expect(lineOf(thresholds, 'ratio')).toEqual([1.5]);
});

test('conversions of other networks are an error', async () => {
  await expect(run({ ...tinySnn, thresholds: { conv1: 1 } }, tinySnn)).rejects.toThrow(
    'Expected thresholds of the layers hidden as in the reference, but the network has conv1.',
  );
});
