import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { z } from 'zod';

import { artefactTypes, type ArtefactType } from '../contracts/artefacts.js';
import { kindContracts } from '../contracts/kinds.js';
import type { AnyStage } from '../contracts/plugin.js';
import { stageKinds, type StageKind } from '../contracts/stage.js';
import { pluginFaults, stageFaults } from './contract.js';

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
  const { inputs, outputs, gives, inputCount, needs = [] } = kindContracts[kind];
  const taken = inputs.slice(0, inputCount ?? inputs.length);
  for (const type of gives ?? [undefined]) {
    expect(stageFaults(stage(kind, taken, type ? [type] : []))).toEqual([]);
  }
  if (gives) {
    const others = outputs.filter((type) => !gives.includes(type));
    expect(stageFaults(stage(kind, taken, others)).join()).toContain('gives no');
  }
  for (const needed of needs) {
    const without = inputs.filter((type) => !needed.includes(type));
    expect(stageFaults(stage(kind, without, outputs)).join()).toContain(
      'has no required input for',
    );
  }
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
  expect(stageFaults(attacker).join()).toContain('is told nothing of how its victim was made');
});

const sound = stage('metric', ['snn'], ['scalars']);
const service = { token: { name: 's' }, identity: () => '', create: () => 0 };

test.each<[string, object, string]>([
  ['a port that is nothing', { inputs: { a: null } }, 'a port "a" whose "types" is none'],
  ['one type instead of a list', { inputs: { a: { types: 'snn' } } }, 'a port "a" whose "types"'],
  ['a port of no type', { inputs: { a: { types: [] } } }, 'a port "a" whose "types" is none'],
  ['an unknown type', { outputs: { a: { type: 'tensor' } } }, 'a port "a" whose "type" is none'],
  ['an inherited name as a type', { outputs: { a: { type: 'toString' } } }, 'whose "type" is none'],
  ['a bad port name', { inputs: JSON.parse('{"__proto__":{}}') as object }, 'bad name "__proto__"'],
  ['a token that was not imported', { dependencies: { tf: undefined } }, 'a dependency "tf"'],
  ['a preset that is no object', { presets: { tuned: 5 } }, 'needs "presets" of the form'],
  ['a check that is no function', { check: 5 }, 'a "check" that is no function'],
])('%s is told', (_, change, message) => {
  const [fault, ...more] = pluginFaults({ name: 'p', stages: [{ ...sound, ...change }] });
  expect(fault!.what).toContain(message);
  expect(more).toEqual([]);
});

test.each<[unknown, string]>([
  [null, 'a service has no token'],
  [{ ...service, token: undefined }, 'a service has no token'],
  [{ ...service, identity: 'v1' }, 'service "s" needs "identity" to be a function'],
  [{ ...service, close: 5 }, 'service "s" needs "close" to be a function'],
])('a service of another form is told: %j', (one, message) => {
  expect(pluginFaults({ name: 'p', services: [one] })[0]!.what).toContain(message);
  expect(pluginFaults({ name: 'p', services: [service] })).toEqual([]);
});

const launcher = {
  kind: 'launcher',
  id: 'elsewhere',
  version: 1,
  summary: 'x',
  options: z.strictObject({}),
  open: () => undefined,
};

test.each<[string, object, string]>([
  ['no open', { open: undefined }, 'launcher "elsewhere" needs a function "open"'],
  ['another kind', { kind: 'metric' }, 'is of kind metric and stands under "launchers"'],
  ['a bad id', { id: 'Else Where' }, 'needs an id of small letters'],
  ['options that are no schema', { options: {} }, 'needs a zod schema'],
  ['half a worker', { worker: { accepts: () => true } }, 'functions "accepts" and "serve"'],
])('a launcher with %s is told', (_, change, message) => {
  const [fault, ...more] = pluginFaults({ name: 'p', launchers: [{ ...launcher, ...change }] });
  expect(fault!.what).toContain(message);
  expect(more).toEqual([]);
  expect(pluginFaults({ name: 'p', launchers: [launcher] })).toEqual([]);
});

test('a launcher among the stages is told where it belongs', () => {
  const [fault] = pluginFaults({ name: 'p', stages: [launcher] });
  expect(fault).toMatchObject({ hint: 'Move it to "launchers" in definePlugin.' });
});

test('a port may be named like a method of every object', () => {
  const ports = { toString: sound.inputs.port0, constructor: sound.inputs.port0 };
  expect(stageFaults({ ...sound, inputs: ports } as AnyStage)).toEqual([]);
});
