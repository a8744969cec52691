import type { Ann } from '@privatesnn/core';
import { expect, test } from 'vitest';

import { stage } from '../testing/fake-run.js';
import { fillSetting, settingPaths } from './setting.js';

const ann: Ann = {
  type: 'ann',
  architecture: { name: 'VGG5', inputShape: [1, 1, 1], classes: 2, layers: [] },
  parameters: { 'fc.weight': { shape: [1, 1500], data: new Float32Array(1500) } },
  inputRange: [0, 1],
  classNames: ['a', 'b'],
};
const job = { name: 'x', axes: {}, stages: { ann: stage('model', 'pretrained', { ann }) } };
const values = new Map<string, number | null>([
  ['accuracy.metrics.images', 10000],
  ['accuracy.metrics.kid', null],
]);

test.each([
  ['{ann.ann}, {accuracy.metrics.images} images', 'VGG5 (1.5K weights), 10,000 images'],
  ['{accuracy.metrics.kid} {accuracy.metrics.none} {ann.other}', '? ? ?'],
  ['as it is', 'as it is'],
])('%s', async (setting, filled) => {
  expect(await fillSetting(setting, job, values)).toBe(filled);
});

test('networks are not among the scalars that must be there', () => {
  expect(settingPaths('{ann.ann}, {a.b.c} and {a.b.d}')).toEqual(['a.b.c', 'a.b.d']);
});
