import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { z } from 'zod';

import { artefactTypes, type ArtefactType } from '../contracts/artefacts.js';
import type { AnyStage } from '../contracts/plugin.js';
import { stageKinds, type StageKind } from '../contracts/stage.js';
import { kindContracts, stageFaults } from './contract.js';

function stage(kind: StageKind, inputs: readonly ArtefactType[], outputs: readonly ArtefactType[]) {
  const named = <T>(list: readonly ArtefactType[], port: (type: ArtefactType) => T) =>
    Object.fromEntries(list.map((type, index) => [`port${index}`, port(type)]));
  return {
    kind,
    id: 'x',
    version: 1,
    summary: 'x',
    options: z.strictObject({}),
    inputs: named(inputs, (type) => ({ types: [type], optional: false, description: 'x' })),
    outputs: named(outputs, (type) => ({ type, description: 'x' })),
    dependencies: {},
    create: () => ({ run: () => Promise.resolve({}) }),
  } as AnyStage;
}

const types = fc.array(fc.constantFrom(...artefactTypes), { maxLength: 3 });

test.prop([types, types])('an attacker gets one network and nothing else', (inputs, outputs) => {
  const allowed = inputs.length === 1 && (inputs[0] === 'snn' || inputs[0] === 'ann');
  const faults = stageFaults(stage('attacker', inputs, ['images', ...outputs]));
  if (!allowed) expect(faults).not.toEqual([]);
});

test.prop([types])('a generator never takes images', (inputs) => {
  const faults = stageFaults(stage('generator', inputs, ['images']));
  if (inputs.includes('images')) expect(faults).not.toEqual([]);
});

test.each(stageKinds)('%s: what its kind allows has no fault, anything else has', (kind) => {
  const { inputs, outputs, gives, inputCount } = kindContracts[kind];
  const taken = inputs.slice(0, inputCount ?? inputs.length);
  expect(stageFaults(stage(kind, taken, gives ? [gives] : []))).toEqual([]);
  for (const type of artefactTypes) {
    if (!inputs.includes(type)) {
      expect(stageFaults(stage(kind, [type], outputs))).not.toEqual([]);
    }
    if (!outputs.includes(type)) {
      expect(stageFaults(stage(kind, taken, [...outputs, type]))).not.toEqual([]);
    }
  }
});

test('an attacker with a second, optional input is refused', () => {
  const both = stage('attacker', ['snn', 'ann'], ['images']);
  expect(stageFaults(both).join()).toContain(
    'has 2 inputs; a stage of kind attacker has exactly 1',
  );
});

test('an attacker that reads ancestors is refused', () => {
  const attacker = { ...stage('attacker', ['snn'], ['images']), readsAncestors: true };
  expect(stageFaults(attacker).join()).toContain('learns nothing of how its victim was made');
});
