import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { weightedLayers } from '@privatesnn/core';
import { arbitrarySnn, tinySnn } from '@privatesnn/testkit';

import { reconvertToAnn, relativeWeightChange } from './reconvert.js';

const weight = (...values: number[]) => ({
  shape: [1, values.length],
  data: Float32Array.from(values),
});

describe('reconvertToAnn', () => {
  it("gives the SNN's weights and pixel range exactly, and biases times the thresholds before them", () => {
    fc.assert(
      fc.property(arbitrarySnn(), (snn) => {
        const ann = reconvertToAnn(snn);
        let scale = 1;
        for (const { name, bias } of weightedLayers(snn.architecture)) {
          const weight = `${name}.weight`;
          expect(ann.parameters[weight]).toEqual(snn.parameters[weight]);
          if (bias) {
            const { data } = snn.parameters[`${name}.bias`]!;
            expect(ann.parameters[`${name}.bias`]!.data).toEqual(data.map((b) => b * scale));
          }
          scale *= snn.thresholds[name] ?? 1;
        }
        expect(ann.inputRange).toEqual(snn.encoder.range);
        expect(Object.keys(ann).sort()).toEqual(
          ['architecture', 'classNames', 'inputRange', 'parameters', 'type'].sort(),
        );
      }),
    );
  });
});

describe('reconvertToAnn of adaptive neurons', () => {
  const neuron = {
    kind: 'adaptive' as const,
    rest: 0.8,
    growth: 0.1,
    thresholdDecay: 0.9,
    refractoryDecay: 0.98,
    currentDecay: 0.98,
    membraneDecay: 0.6,
  };
  const layers = [4, 3, 2].map((inputs, i) => ({
    kind: 'dense' as const,
    name: `fc${i}`,
    inputs,
    outputs: inputs - 1,
    bias: false,
  }));
  const snn = (second: number) => ({
    ...tinySnn(),
    neuron,
    architecture: { name: '', inputShape: [1, 1, 4] as const, classes: 1, layers },
    parameters: Object.fromEntries(
      layers.map(({ name, inputs, outputs }) => [
        `${name}.weight`,
        { shape: [inputs, outputs], data: new Float32Array(inputs * outputs) },
      ]),
    ),
    thresholds: { fc0: 2.5, fc1: second },
  });

  it('keeps the transfer function that all layers share', () => {
    expect(reconvertToAnn(snn(1)).activation).toEqual({
      kind: 'adaptive',
      neuron,
      spikeHeight: 2.5,
    });
  });

  it('puts ReLUs where every layer has a scale of its own', () => {
    expect(reconvertToAnn(snn(1.1))).not.toHaveProperty('activation');
  });
});

describe('relativeWeightChange', () => {
  it('is 0 in every layer of the same network', () => {
    fc.assert(
      fc.property(arbitrarySnn(), (snn) => {
        const change = relativeWeightChange(snn.parameters, reconvertToAnn(snn).parameters);
        expect(Object.values(change).every((value) => value === 0)).toBe(true);
      }),
    );
  });

  it('is the norm of the difference over the norm of the weights, by layer, without biases', () => {
    const before = { 'a.weight': weight(3, 4), 'a.bias': weight(1), 'b.weight': weight(1) };
    const after = { 'a.weight': weight(3, 4.5), 'a.bias': weight(9), 'b.weight': weight(-1) };
    expect(relativeWeightChange(before, after)).toEqual({ a: 0.1, b: 2 });
  });

  it('refuses networks that differ in shape', () => {
    expect(() => relativeWeightChange({ 'a.weight': weight(1) }, {})).toThrow(/"a.weight"/);
  });
});
