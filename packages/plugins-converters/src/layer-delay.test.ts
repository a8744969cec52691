import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { DenseLayer, Layer, Snn } from '@privatesnn/core';
import { createReferenceEngine } from '@privatesnn/spiking';

import { undelayedSteps } from './layer-delay.js';

/** Dense networks whose numbers are multiples of 1/8, so that every sum is exact. */
const anyNetwork = fc
  .record({
    sizes: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 5 }),
    numbers: fc.infiniteStream(fc.integer({ min: -8, max: 12 })),
    more: fc.integer({ min: 1, max: 12 }),
  })
  .map(({ sizes, numbers, more }) => {
    const next = () => (numbers.next().value as number) / 8;
    const layers = sizes.slice(1).map((outputs, i): DenseLayer => ({
      kind: 'dense',
      name: `fc${i}`,
      inputs: sizes[i]!,
      outputs,
      bias: false,
    }));
    const architecture = {
      name: 'dense',
      inputShape: [1, 1, sizes[0]!] as const,
      classes: sizes.at(-1)!,
      layers: [{ kind: 'flatten' as const }, ...layers],
    };
    return {
      layers,
      architecture,
      timeSteps: layers.length - 1 + more,
      weights: layers.map(({ inputs, outputs }) =>
        Float32Array.from({ length: inputs * outputs }, next),
      ),
      thresholds: layers.map(() => Math.abs(next()) + 0.125),
      pixels: Float32Array.from({ length: sizes[0]! }, next),
    };
  });

describe('undelayedSteps', () => {
  it('gives what a network with a delay of one time-step a layer gives, simulated as its authors do', async () => {
    await fc.assert(
      fc.asyncProperty(anyNetwork, async (network) => {
        const { layers, architecture, timeSteps, weights, thresholds, pixels } = network;
        const product = (x: readonly number[], layer: number) =>
          Array.from({ length: layers[layer]!.outputs }, (_, o) =>
            x.reduce((sum, v, i) => sum + v * weights[layer]![i * layers[layer]!.outputs + o]!, 0),
          );
        const membranes = layers.map(({ outputs }) => new Array<number>(outputs).fill(0));
        for (let t = 0; t < timeSteps; t++) {
          let signal = [...pixels];
          layers.forEach((_, l) => {
            const membrane = membranes[l]!;
            const theta = l < layers.length - 1 ? thresholds[l]! : Infinity;
            // The spike is that of the membrane as the time-step before left it.
            const spikes = membrane.map((u) => (u > theta ? 1 : 0));
            const current = product(signal, l);
            membranes[l] = membrane.map((u, i) => u + current[i]! - (spikes[i]! ? theta : 0));
            signal = spikes;
          });
        }

        const snn: Snn = {
          type: 'snn',
          architecture,
          parameters: Object.fromEntries(
            layers.map(({ name, inputs, outputs }, i) => [
              `${name}.weight`,
              { shape: [inputs, outputs], data: weights[i]! },
            ]),
          ),
          thresholds: Object.fromEntries(
            layers.slice(0, -1).map(({ name }, i) => [name, thresholds[i]!]),
          ),
          neuron: {
            kind: 'integrate-and-fire',
            leak: 1,
            reset: 'delayed-soft',
            firing: 'strict',
            initial: 0,
          },
          encoder: { kind: 'constant', range: [-1, 1] },
          readout: { kind: 'sum', scale: 1 },
          timeSteps: undelayedSteps(
            { timeSteps, layerDelay: true, leak: 1, initialPotential: 0, encoder: 'constant' },
            { architecture },
          ),
          classNames: Array.from({ length: architecture.classes }, (_, i) => `${i}`),
        };
        const { potentials } = await createReferenceEngine().infer({ snn, pixels, seed: 1 });
        expect([...potentials].map((u) => u + 0)).toEqual(membranes.at(-1)!.map((u) => u + 0));
      }),
    );
  });

  const [layer, last] = ['a', 'b'].map((name): DenseLayer => ({
    kind: 'dense',
    name,
    inputs: 2,
    outputs: 2,
    bias: false,
  }));
  const ann = (layers: Layer[]) => ({
    architecture: { name: 'two', inputShape: [1, 1, 2] as const, classes: 2, layers },
  });

  it('refuses what no shorter run can stand for, and leaves the steps alone without a delay', () => {
    const delayed = {
      timeSteps: 5,
      layerDelay: true,
      leak: 0.5,
      initialPotential: 0,
      encoder: 'poisson',
    } as const;
    const plain = ann([layer!, last!]);
    expect(undelayedSteps(delayed, plain)).toBe(4);
    expect(undelayedSteps({ ...delayed, layerDelay: false }, plain)).toBe(5);
    expect(() => undelayedSteps({ ...delayed, timeSteps: 1 }, plain)).toThrow(/within 1 time-step/);
    expect(() => undelayedSteps(delayed, ann([{ ...layer!, bias: true }, last!]))).toThrow(/"a"/);
    expect(() => undelayedSteps({ ...delayed, encoder: 'first-spike' }, plain)).toThrow(
      /first-spike/,
    );
    const linear = ann([{ ...layer!, name: 'front', linear: true }, layer!, last!]);
    expect(undelayedSteps(delayed, linear)).toBe(4);
    const join: Layer = { kind: 'add', name: 'sum', from: ['a', 'c'] };
    const block = ann([layer!, { ...layer!, name: 'c', linear: true }, join, last!]);
    expect(() => undelayedSteps(delayed, block)).toThrow(/"sum".* of two joins several/);
    expect(() => undelayedSteps({ ...delayed, initialPotential: 0.5 }, plain)).toThrow(
      /leak is 0.5/,
    );
  });
});
