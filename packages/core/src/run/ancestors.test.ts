import { expect, test } from 'vitest';

import type { AnyStage } from '../contracts/plugin.js';
import type { StageKind } from '../contracts/stage.js';
import { ancestorsOf } from './ancestors.js';
import type { WorkNode } from './work.js';

const gives = { dataset: 'images', model: 'ann', converter: 'snn', trainer: 'snn' } as const;

function node(
  stage: string,
  kind: keyof typeof gives,
  inputs: Readonly<Record<string, WorkNode>> = {},
): WorkNode {
  const outputs = { out: { type: gives[kind], description: '' } };
  const definition = { kind: kind as StageKind, id: kind, outputs } as unknown as AnyStage;
  return {
    id: stage,
    stage,
    declared: { definition } as WorkNode['declared'],
    options: {},
    seed: 0,
    inputs: Object.fromEntries(
      Object.entries(inputs).map(([port, from]) => [port, { node: from, output: 'out' }]),
    ),
  };
}

const datasetsOf = (network: WorkNode) =>
  ancestorsOf(network)
    .filter(({ kind }) => kind === 'dataset')
    .map(({ stage }) => stage);

const train = node('train', 'dataset');
const more = node('more', 'dataset');
const part = node('part', 'dataset', { images: more });
const first = node('first', 'model', { images: train });

test('the images of the first ANN do not count, whatever is made of it', () => {
  const snn = node('snn', 'converter', { ann: first });
  expect(datasetsOf(first)).toEqual([]);
  expect(datasetsOf(node('trained', 'trainer', { snn, teacher: first }))).toEqual([]);
});

test('those of every later stage count: converters, trainers, and models that take an ANN', () => {
  const tuned = node('tuned', 'model', { ann: first, images: part });
  expect(datasetsOf(tuned)).toEqual(['part', 'more']);
  const again = node('again', 'model', { ann: tuned });
  expect(datasetsOf(node('snn', 'converter', { ann: again }))).toEqual(['part', 'more']);
  const snn = node('snn', 'converter', { ann: first, images: more });
  expect(datasetsOf(node('trained', 'trainer', { snn, teacher: tuned }))).toEqual(['more', 'part']);
});
