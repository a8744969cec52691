import fc from 'fast-check';
import { UserError } from '@privatesnn/core';
import { expect, test } from 'vitest';

import { fakeRun } from '../testing/fake-run.js';
import { editDistance, nearest } from './nearest.js';
import { readScalars } from './read.js';
import { knownPaths, readValues, requirePaths } from './values.js';

test('edit distance is a metric', () => {
  const text = fc.string({ maxLength: 8 });
  fc.assert(
    fc.property(text, text, text, (a, b, c) => {
      expect(editDistance(a, a)).toBe(0);
      expect(editDistance(a, b)).toBe(editDistance(b, a));
      expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c));
    }),
  );
  expect(editDistance('acuracy', 'accuracy')).toBe(1);
});

test('the nearest names come first', () => {
  expect(nearest('enrgy', ['accuracy', 'energy', 'rate'], 2)).toEqual(['energy', 'rate']);
});

test('paths are stage.output.key', async () => {
  const values = await readValues(fakeRun());
  expect(values[1]!.get('energy.metrics.integerRatio')).toBeCloseTo(42.314);
  expect(values[1]!.get('attack2-score.metrics.kid')).toBeNull();
  expect(values[0]!.has('energy.metrics.integerRatio')).toBe(false);
  expect(knownPaths(values)).toContain('encryption.metrics.weightChange');
});

test('an artefact that jobs share is loaded once, and nothing but scalars is loaded', async () => {
  const loaded: string[] = [];
  const run = fakeRun();
  const jobs = run.jobs.map((job) => ({
    ...job,
    stages: Object.fromEntries(
      Object.entries(job.stages).map(([name, stage]) => {
        const outputs = Object.entries(stage.outputs).map(([output, artefact]) => {
          const load = () => {
            loaded.push(`${name}.${output}`);
            return artefact.load();
          };
          return [output, { ...artefact, load }];
        });
        return [name, { ...stage, outputs: Object.fromEntries(outputs) }];
      }),
    ),
  }));
  await readScalars({ ...run, jobs });
  expect(loaded.filter((path) => path === 'ann.metrics')).toHaveLength(1);
  expect(loaded.filter((path) => !path.endsWith('.metrics'))).toEqual([]);
});

test('all missing paths are named at once', () => {
  const check = () =>
    requirePaths(
      fakeRun(),
      'table',
      'value',
      ['a.b.c', 'x.y.z', 'a.b.d'],
      ['a.b.c', 'a.b.e', 'x.y.w'],
    );
  expect(check).toThrow(UserError);
  expect(check).toThrow(
    /"x\.y\.z": nearest are x\.y\.w.*\n"a\.b\.d": nearest are a\.b\.c, a\.b\.e/,
  );
  expect(() => requirePaths(fakeRun(), 'table', 'value', ['a.b.c'], [])).toThrow(
    /no job of this run has any value/,
  );
});

test("a path that no finished job has is nobody's mistake where a job failed", () => {
  const { manifest } = fakeRun();
  const [first, ...others] = manifest.jobs;
  const jobs = [{ ...first!, status: 'failed' as const }, ...others];
  expect(() =>
    requirePaths({ manifest: { ...manifest, jobs } }, 'table', 'value', ['a.b.c'], []),
  ).not.toThrow();
});
