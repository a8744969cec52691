import { expect, test } from 'vitest';

import { fakeRun, tooFew } from '../testing/fake-run.js';
import { record } from '../testing/recorder.js';
import { json } from './json.js';

test('holds the scalars and series of every job, and nothing large', async () => {
  const { text, files } = await record(json, {}, fakeRun());
  expect([...files.keys()]).toEqual(['results.json']);
  const results = JSON.parse(text('results.json'));
  expect(results.jobs.map(({ name }: { name: string }) => name)).toEqual([
    'ANN',
    'DC',
    'DC + CET',
    'DC + CET + OD',
  ]);
  expect(results.jobs[1].scalars.accuracy.metrics).toMatchObject({ accuracy: 0.958, images: 1000 });
  expect(results.jobs[1].scalars['attack2-score'].metrics.kid).toBeNull();
  expect(results.jobs[1].reasons['attack2-score'].metrics).toEqual({ kid: tooFew });
  expect(results.jobs[1].series.accuracy.curve.lines[0].y).toHaveLength(8);
  expect(text('results.json')).not.toContain('pixels');
});
