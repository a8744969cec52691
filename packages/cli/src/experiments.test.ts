import { readdirSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';

import { publishedFigures, type PaperTableOptions } from '@privatesnn/plugins-reporters';
import { describe, expect, test } from 'vitest';

import { openPlan } from './open.js';
import { openItem } from './paper/items.js';

const root = resolve(import.meta.dirname, '../../../experiments');
/** What a base lacks stands in the files that extend it. */
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.yaml') && dirname(file) !== 'bases')
  .map((file) => join(root, file))
  .sort();

test.each(files.map((file) => relative(root, file)))(
  '%s is valid in each profile',
  async (file) => {
    const path = join(root, file);
    const { experiment } = await openPlan(path, { overrides: [] });
    for (const profile of Object.keys(experiment.loaded.config.profiles ?? {})) {
      const { jobs } = await openPlan(path, { overrides: [], profile });
      expect(jobs.length).toBeGreaterThan(0);
      // Two jobs of equal work would be one measurement under two names.
      const work = jobs.map(({ needed }) => needed.map(({ id }) => id).join());
      expect(new Set(work).size, profile).toBe(jobs.length);
    }
  },
);

describe('the tables and figures of the paper', async () => {
  const folder = join(root, 'paper');
  const names = readdirSync(folder).map((file) => basename(file, '.yaml'));
  const items = await Promise.all(
    names.map((name) => openItem(folder, name, { overrides: [], profile: 'desk' })),
  );

  test('each file names its experiment, and has both profiles', () => {
    for (const { name, plan } of items) {
      expect(plan.name).toBe(name);
      expect(plan.experiment.loaded.profile).toBe('desk');
      expect(plan.experiment.loaded.config.profiles).toHaveProperty('paper');
    }
  });

  test('each published figure stands in a cell', () => {
    const used = new Set(
      items.flatMap(({ empty }) =>
        empty
          .filter(({ source }) => source !== null)
          .map(({ published, source }) => `${source}: ${published}`),
      ),
    );
    const missing = Object.values(publishedFigures)
      .map(({ value, source }) => `${source}: ${value}`)
      .filter((figure) => !used.has(figure));
    expect(missing).toEqual([]);
  });

  test('each cell says what ours was measured with, and the threshold scale of a network that has one', () => {
    for (const { name, plan } of items) {
      const table = plan.reporters.find(({ declared }) => declared.definition.id === 'paper-table');
      for (const { row, column, job, setting } of (table!.options as PaperTableOptions).cells) {
        const cell = `${name}: ${row}, ${column}`;
        expect(setting, cell).not.toBe('');
        const needed = plan.jobs.find((planned) => planned.name === job)?.needed ?? [];
        const scaled = needed.some(
          ({ declared }) => declared.definition.id === 'threshold-balancing',
        );
        if (scaled && row !== 'Real training images') {
          expect(setting, cell).toContain('.metrics.scale}');
        }
      }
    }
  });

  test('each value that a cell names is one that its job has a stage for', () => {
    for (const { name, plan, empty } of items) {
      for (const { job, value } of empty) {
        const planned = plan.jobs.find((candidate) => candidate.name === job);
        const stages = planned?.needed.map(({ stage }) => stage);
        if (stages) expect(stages, `${name}, ${job}`).toContain(value.split('.')[0]);
      }
    }
  });
});
