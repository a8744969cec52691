import type { Parameters, Snn } from '@privatesnn/core';
import { createTensorRuntime, type TensorRuntime } from '@privatesnn/runtime-tfjs';
import { createReferenceEngine } from '@privatesnn/spiking';
import { fakeContext, tinyAnn, tinySnn } from '@privatesnn/testkit';
import { beforeAll, describe, expect, test } from 'vitest';

import { clampedRate } from './clamped-rate.js';
import { distilReconvert } from './distil-reconvert.js';
import { reconvert } from './reconvert.js';
import { spikeGradient } from './spike-gradient.js';

let runtime: TensorRuntime;
const engine = createReferenceEngine();
beforeAll(async () => {
  runtime = await createTensorRuntime({ prefer: 'embedded' });
});

const attackers = { clampedRate, distilReconvert, reconvert, spikeGradient };
const few = { iterations: 3 };
const quick = { ...few, queries: 30, rounds: 2, distilEpochs: 1 };

/** The network with the given tensor set to zeros, or a class's column of it. */
function zeroed(parameters: Parameters, name: string, column?: number): Parameters {
  const { shape, data } = parameters[name]!;
  const width = shape.at(-1)!;
  const zeros = data.map((w, i) => (column === undefined || i % width === column ? 0 : w));
  return { ...parameters, [name]: { shape, data: zeros } };
}

async function attack(attacker: keyof typeof attackers, parameters: Parameters) {
  const definition = attackers[attacker];
  const options = definition.options.parse(attacker === 'distilReconvert' ? quick : few);
  const context = fakeContext();
  const stage = definition.create({ runtime, engine }, options as never);
  const { images } = await stage.run(context, { victim: { ...tinySnn(), parameters } });
  return { images, warnings: context.warnings.join('\n') };
}

describe.each(Object.keys(attackers) as (keyof typeof attackers)[])('%s', (attacker) => {
  test.each(Object.keys(tinySnn().parameters).filter((name) => name.endsWith('.weight')))(
    'of a network whose %s is zero has no gradient, and says so',
    async (name) => {
      const { images, warnings } = await attack(attacker, zeroed(tinySnn().parameters, name));
      expect([...images.withoutGradient!]).toEqual([1, 1, 1]);
      expect(warnings).toContain('The attack had no gradient for 3 of 3 images');
    },
  );

  test('of a sound network flags nothing', async () => {
    const { images, warnings } = await attack(attacker, tinySnn().parameters);
    expect(images.withoutGradient).toBeUndefined();
    expect(warnings).not.toContain('had no gradient');
  });
});

test('a class without weights is flagged alone', async () => {
  const last = Object.keys(tinyAnn().parameters)
    .filter((name) => name.endsWith('.weight'))
    .at(-1)!;
  const { images } = await attack('reconvert', zeroed(tinySnn().parameters, last, 1));
  expect([...images.withoutGradient!]).toEqual([0, 1, 0]);
});

test('spike-gradient refuses a read-out that leaves out time-steps', async () => {
  const stage = spikeGradient.create({ runtime, engine }, spikeGradient.options.parse(few));
  const victim = tinySnn();
  const late = { ...victim, readout: { ...victim.readout, after: 1 } };
  await expect(stage.run(fakeContext(), { victim: late })).rejects.toMatchObject({
    code: 'DELAYED_READOUT',
  });
});

test.each([
  ['signed neurons', { signed: true }, 'SIGNED_NEURON'],
  ['neurons with a probe', { probeSteps: 1 }, 'PROBING_NEURON'],
])('spike-gradient refuses %s, which have no gradient', async (_, changed, code) => {
  const stage = spikeGradient.create({ runtime, engine }, spikeGradient.options.parse(few));
  const victim = tinySnn();
  const neuron = { ...victim.neuron, ...changed } as Snn['neuron'];
  await expect(stage.run(fakeContext(), { victim: { ...victim, neuron } })).rejects.toMatchObject({
    code,
  });
});
