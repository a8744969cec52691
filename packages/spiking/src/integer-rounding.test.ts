import type { Snn } from '@privatesnn/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createEngine, engineInfo } from './create-engine.js';
import { integerLayers } from './integer.js';

const implementations = engineInfo()
  .filter(({ available }) => available)
  .map(({ implementation }) => implementation);

/** Dense layers one after the other, with constant input. */
function network(
  weights: readonly Float32Array[],
  sizes: readonly number[],
  changes: Partial<Snn>,
) {
  const layers = weights.map((_, i) => ({
    kind: 'dense' as const,
    name: `fc${i}`,
    inputs: sizes[i]!,
    outputs: sizes[i + 1]!,
    bias: false,
  }));
  const snn: Snn = {
    type: 'snn',
    architecture: {
      name: 'dense',
      inputShape: [1, 1, sizes[0]!],
      classes: sizes.at(-1)!,
      layers: [{ kind: 'flatten' }, ...layers],
    },
    parameters: Object.fromEntries(
      weights.map((data, i) => [`fc${i}.weight`, { shape: [sizes[i]!, sizes[i + 1]!], data }]),
    ),
    thresholds: Object.fromEntries(layers.slice(0, -1).map(({ name }) => [name, 1])),
    neuron: { kind: 'integrate-and-fire', leak: 1, reset: 'soft', firing: 'strict', initial: 0 },
    encoder: { kind: 'constant', range: [-1, 1] },
    readout: { kind: 'sum', scale: 1 },
    timeSteps: 10,
    classNames: Array.from({ length: sizes.at(-1)! }, (_, i) => `${i}`),
    ...changes,
  };
  return snn;
}

const number = fc.float({ min: -1, max: 1, noNaN: true });

describe.each(implementations)('integer mode of %s', (implementation) => {
  const engine = createEngine({ implementation, threads: 1 });
  const potentialsOf = async (snn: Snn, pixels: Float32Array, precision: 'float' | 'integer') =>
    (await (await engine).infer({ snn, pixels, seed: 1, precision })).potentials;

  it('rounds what a constant input brings, halves up', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(number, number), { minLength: 1, maxLength: 6 }),
        async (pairs) => {
          const weights = Float32Array.of(...pairs.map(([w]) => w), 1);
          const pixels = Float32Array.of(...pairs.map(([, x]) => x), 0);
          const snn = network([weights], [weights.length, 1], {});
          const [
            {
              weights: [weight],
              unit,
            },
          ] = integerLayers(snn, 10) as [ReturnType<typeof integerLayers>[0]];
          const products = [...weight!].map((w, i) => BigInt(w * Math.round(pixels[i]! * 256)));
          const sum = products.reduce((a, b) => a + b, 0n);
          // BigInt division cuts towards 0; a shift goes down.
          const current = Number((sum + 128n) >> 8n);
          const [potential] = await potentialsOf(snn, pixels, 'integer');
          expect(potential! - Math.fround(10 * current * unit)).toBe(0);
        },
      ),
      { numRuns: 50 },
    );
  });

  // Neurons with one weight each, and their spikes counted by a read-out of ones.
  const neurons = 200;
  const graded = (changes: Partial<Snn>) =>
    network(
      [
        Float32Array.from({ length: neurons }, (_, i) => 1 - (i + 0.3) / neurons),
        new Float32Array(neurons).fill(1),
      ],
      [1, neurons, 1],
      changes,
    );

  it('does not drift away from floats with a constant input', async () => {
    const pixels = Float32Array.of(4 / 256);
    const snn = graded({ timeSteps: 4000 });
    const [float] = await potentialsOf(snn, pixels, 'float');
    const [integer] = await potentialsOf(snn, pixels, 'integer');
    // Cutting off would take half a unit of the 8 that a neuron receives on average.
    expect(Math.abs(integer! / float! - 1)).toBeLessThan(0.02);
  });

  it('does not drift away from floats with a leak', async () => {
    const snn = graded({
      neuron: {
        kind: 'integrate-and-fire',
        leak: 0.995,
        reset: 'soft',
        firing: 'strict',
        initial: 0,
      },
      encoder: { kind: 'poisson', range: [-1, 1] },
      thresholds: { fc0: 30 },
      timeSteps: 2000,
    });
    const pixels = Float32Array.of(0.3);
    const [float] = await potentialsOf(snn, pixels, 'float');
    const [integer] = await potentialsOf(snn, pixels, 'integer');
    expect(Math.abs(integer! / float! - 1)).toBeLessThan(0.005);
  });
});
