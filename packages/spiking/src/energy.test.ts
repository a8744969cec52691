import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Architecture } from '@privatesnn/core';

import {
  annEnergy,
  annOperations,
  energyConstants,
  energyOf,
  layerFlops,
  snnEnergy,
  snnOperations,
} from './energy.js';
import type { LayerActivity } from './engine.js';

const architecture: Architecture = {
  name: 'small',
  inputShape: [32, 32, 3],
  classes: 10,
  layers: [
    {
      kind: 'conv',
      name: 'conv1',
      inChannels: 3,
      outChannels: 64,
      kernel: 3,
      stride: 1,
      padding: 1,
      bias: false,
    },
    { kind: 'average-pool', size: 2 },
    {
      kind: 'conv',
      name: 'conv2',
      inChannels: 64,
      outChannels: 8,
      kernel: 3,
      stride: 2,
      padding: 1,
      bias: false,
    },
    { kind: 'flatten' },
    { kind: 'dense', name: 'output', inputs: 512, outputs: 10, bias: false },
  ],
};

const flops = { conv1: 9 * 3 * 64 * 32 * 32, conv2: 9 * 64 * 8 * 8 * 8, output: 512 * 10 };

function activityOf(input: number, conv1: number, conv2: number): LayerActivity[] {
  return [
    { layer: 'input', neurons: 3072, spikes: input },
    { layer: 'conv1', neurons: 65536, spikes: conv1 },
    { layer: 'conv2', neurons: 512, spikes: conv2 },
  ];
}

const request = {
  timeSteps: 1,
  architecture,
  images: 2,
  encoder: 'poisson',
  constants: energyConstants.integer,
} as const;

const count = fc.nat(1_000_000);

describe('layerFlops', () => {
  it('counts k²·Cin·Cout·H·W and Cin·Cout', () => {
    expect(layerFlops(architecture)).toEqual(
      Object.entries(flops).map(([layer, operations]) => ({ layer, flops: operations })),
    );
  });
});

describe('annEnergy', () => {
  it('pays a multiplication and addition for every operation', () => {
    const all = flops.conv1 + flops.conv2 + flops.output;
    expect(annEnergy(architecture, energyConstants.integer).total).toBeCloseTo(3.2 * all, 3);
    expect(annEnergy(architecture, energyConstants.float).total).toBeCloseTo(4.6 * all, 3);
  });
});

describe('snnEnergy', () => {
  it('pays an addition for every spike that reaches a layer', () => {
    const { layers } = snnEnergy({ ...request, activity: activityOf(6144, 65536, 2048) });
    expect(layers.map(({ rate }) => rate)).toEqual([1, 0.5, 2]);
    expect(layers.map(({ energy }) => energy)).toEqual([
      flops.conv1 * 0.1,
      flops.conv2 * 0.5 * 0.1,
      flops.output * 2 * 0.1,
    ]);
  });

  it('of a silent network is that of its encoder', () => {
    fc.assert(
      fc.property(count, (input) => {
        const { layers, total } = snnEnergy({ ...request, activity: activityOf(input, 0, 0) });
        expect(total).toBe(layers[0]!.energy);
        expect(total).toBeCloseTo((flops.conv1 * input * 0.1) / (3072 * 2), 3);
      }),
    );
  });

  it('never falls when a spike is added', () => {
    fc.assert(
      fc.property(count, count, count, fc.nat(2), (input, conv1, conv2, layer) => {
        const spikes = [input, conv1, conv2] as [number, number, number];
        const before = snnEnergy({ ...request, activity: activityOf(...spikes) }).total;
        spikes[layer]!++;
        const after = snnEnergy({ ...request, activity: activityOf(...spikes) }).total;
        expect(after).toBeGreaterThan(before);
      }),
    );
  });

  it('pays multiplications for what a constant encoder feeds', () => {
    const activity = activityOf(6144, 65536, 2048);
    const [spiking] = snnEnergy({ ...request, activity }).layers;
    const [constant] = snnEnergy({ ...request, activity, encoder: 'constant' }).layers;
    expect(constant!.energy).toBeCloseTo(32 * spiking!.energy, 3);
  });

  it('equals the ratio that the paper gives when rates are those behind it', () => {
    // 55.8 times less than the ANN is 3.2 / 0.1 / 55.8 = 0.573 spikes per neuron in every layer.
    const rate = 32 / 55.8;
    const activity = activityOf(2 * 3072 * rate, 2 * 65536 * rate, 2 * 512 * rate);
    const ratio =
      annEnergy(architecture, energyConstants.integer).total /
      snnEnergy({ ...request, activity }).total;
    expect(ratio).toBeCloseTo(55.8, 6);
  });

  it('names the layer whose activity is missing', () => {
    expect(() => snnEnergy({ ...request, activity: [] })).toThrow(/layer "input"/);
  });
});

describe('annOperations', () => {
  it('leaves out products with the padding, and counts biases', () => {
    const layers = architecture.layers.map((layer) =>
      layer.kind === 'dense' ? { ...layer, bias: true } : layer,
    );
    // Along an axis of 32, 3 taps each but 2 at either end; of 16 with stride 2, all but the first tap.
    expect(annOperations({ ...architecture, layers })).toEqual([
      { layer: 'conv1', multiplications: 94 * 94 * 3 * 64, additions: 0 },
      { layer: 'conv2', multiplications: 23 * 23 * 64 * 8, additions: 0 },
      { layer: 'output', multiplications: 5120, additions: 10 },
    ]);
  });

  it('is the FLOPs of a convolution without padding', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 0, max: 6 }),
        (kernel, stride, more) => {
          const small: Architecture = {
            ...{ name: 'valid', inputShape: [kernel + more, kernel, 2], classes: 3 },
            layers: [
              {
                ...{ kind: 'conv', name: 'conv', inChannels: 2, outChannels: 3 },
                ...{ kernel, stride, padding: 0, bias: false },
              },
            ],
          };
          expect(annOperations(small)[0]!.multiplications).toBe(layerFlops(small)[0]!.flops);
        },
      ),
    );
  });
});

describe('snnOperations', () => {
  const operations = [
    { layer: 'conv1', additions: 0, multiplications: 600 },
    { layer: 'conv2', additions: 70, multiplications: 0 },
    { layer: 'output', additions: 8, multiplications: 0 },
  ];
  const biased = {
    ...architecture,
    layers: architecture.layers.map((layer) =>
      layer.kind === 'conv' || layer.kind === 'dense' ? { ...layer, bias: true } : layer,
    ),
  };

  it('adds a bias to each neuron at each time-step', () => {
    const of = snnOperations({
      ...{ architecture: biased, operations, timeSteps: 6, constantInput: 'every-step' },
    });
    expect(of[0]).toEqual({
      ...{ layer: 'conv1', multiplications: 600, additions: 65536 * 6 },
    });
    expect(of[2]).toEqual({ layer: 'output', multiplications: 0, additions: 8 + 60 });
  });

  it('adds biases, and kept currents, at the time-steps of a probe too, but not to the read-out', () => {
    const of = (constantInput: 'kept' | 'every-step') =>
      snnOperations({
        architecture: biased,
        operations,
        timeSteps: 6,
        probeSteps: 4,
        constantInput,
      });
    expect(of('every-step').map(({ additions }) => additions)).toEqual([
      65536 * 10,
      of('kept')[1]!.additions,
      8 + 60,
    ]);
    expect(of('kept')[0]).toEqual({
      ...{ layer: 'conv1', multiplications: 60, additions: 65536 * 11 },
    });
  });

  it('multiplies a kept input once, with the bias in the current', () => {
    const of = (constantInput: 'kept' | 'every-step') =>
      snnOperations({ architecture: biased, operations, timeSteps: 6, constantInput });
    expect(of('kept')[0]).toEqual({
      ...{ layer: 'conv1', multiplications: 100, additions: 65536 * 7 },
    });
    expect(of('kept').slice(1)).toEqual(of('every-step').slice(1));
  });

  it('costs E(MAC) and E(AC)', () => {
    const counts = { layer: 'x', multiplications: 3, additions: 5 };
    expect(energyOf(counts, energyConstants.integer)).toBeCloseTo(3 * 3.2 + 5 * 0.1, 12);
  });
});
