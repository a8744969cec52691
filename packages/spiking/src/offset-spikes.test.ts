import type { IntegrateAndFire } from '@privatesnn/core';
import { gridNumber } from '@privatesnn/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { runNeurons } from './reference/spiking-layer.js';

const threshold = fc.constantFrom(0.5, 1, 2);
const neuron = (changed: Partial<IntegrateAndFire> = {}): IntegrateAndFire => ({
  ...{ kind: 'integrate-and-fire', leak: 1, reset: 'soft', firing: 'strict', initial: 0.5 },
  ...changed,
});

/** The spikes of one neuron. */
function spikesOf(currents: readonly number[], theta: number, model: IntegrateAndFire): number[] {
  const signal = currents.map((current) => Float32Array.of(current));
  const neurons = { neuron: model, threshold: theta, initial: [model.initial] };
  return runNeurons(signal, neurons).spikes.map(([spike]) => spike!);
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

describe('a neuron with a probe', () => {
  it.each([
    // 2 spikes that later currents take back: it starts 2θ lower.
    [
      [1, 1, -1, -1],
      [1, 1, 0, 0],
      [0, 0, 0, 0],
    ],
    // What comes late makes 1 spike of 3: it starts 2θ higher.
    [
      [0, 0, 3],
      [0, 0, 1],
      [1, 1, 1],
    ],
    // 1 spike of 2, and no more than τ.
    [
      [-0.25, 3.5],
      [0, 1],
      [1, 1],
    ],
    // Right as it is.
    [
      [0.5, 0.5, 0.25],
      [0, 1, 0],
      [0, 1, 0],
    ],
  ])('makes of %o, without it %o, the spikes %o', (currents, without, expected) => {
    expect(spikesOf(currents, 1, neuron())).toEqual(without);
    expect(spikesOf(currents, 1, neuron({ probeSteps: currents.length }))).toEqual(expected);
  });

  it('is the neuron without in a constant current up to its threshold', () => {
    const part = gridNumber({ min: -2, max: 1, step: 1 / 64 });
    const length = fc.integer({ min: 1, max: 40 });
    const firing = fc.constantFrom('strict' as const, 'inclusive' as const);
    fc.assert(
      fc.property(part, length, length, threshold, firing, (value, T, tau, theta, fires) => {
        const currents = new Array<number>(T).fill(value * theta);
        const probing = neuron({ firing: fires, probeSteps: Math.min(tau, T) });
        expect(spikesOf(currents, theta, probing)).toEqual(
          spikesOf(currents, theta, neuron({ firing: fires })),
        );
      }),
    );
  });

  it('differs by less from the quantised activation', () => {
    let [probed, plain] = [0, 0];
    const weak = fc.array(gridNumber({ min: -2, max: 2, step: 1 / 64 }), {
      minLength: 4,
      maxLength: 16,
    });
    fc.assert(
      fc.property(weak, (currents) => {
        const T = currents.length;
        const wanted = Math.min(T, Math.max(0, Math.floor(sum(currents) + 0.5)));
        const off = (model: IntegrateAndFire): number =>
          Math.abs(sum(spikesOf(currents, 1, model)) - wanted);
        plain += off(neuron({ firing: 'inclusive' }));
        probed += off(neuron({ firing: 'inclusive', probeSteps: T }));
      }),
      { numRuns: 200, seed: 1 },
    );
    expect(plain).toBeGreaterThan(20);
    expect(probed).toBeLessThan(plain / 2);
  });
});
