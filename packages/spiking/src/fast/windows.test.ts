import { spikingLayers, type Architecture, type Layer, type Snn } from '@privatesnn/core';
import { classNames, testStream } from '@privatesnn/testkit';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';

import { createReferenceEngine } from '../reference/engine.js';
import { FastEngine } from './engine.js';
import { trainingPlan } from './joint.js';
import { beyondKernels, planOf } from './plan.js';
import { expectAsReference, expectSameGradients } from './testing/engines-agree.js';
import { binaryGraphRun, graphRun } from './testing/graph-behind-stem.js';
import { exactParameters } from './testing/exact-parameters.js';

const engine = new FastEngine('wasm', 2);
afterAll(() => engine.close());

const isComputed = ({ snn }: { snn: Snn }) => beyondKernels(snn.architecture) === undefined;
const runs = graphRun.filter(isComputed);

describe('graphs of any windows, groups, adds and concats', () => {
  it('are mostly what the kernels compute', () => {
    const graphs = fc.sample(graphRun, 300);
    expect(graphs.filter(isComputed).length).toBeGreaterThan(150);
  });

  it('give what the reference engine gives', async () => {
    await fc.assert(
      fc.asyncProperty(runs, async ({ snn, pixels, seed }) => {
        const raster = spikingLayers(snn.architecture).map(({ name }) => name);
        const recordAt = Array.from({ length: snn.timeSteps }, (_, t) => t + 1);
        await expectAsReference(engine, { snn, pixels, seed, raster, recordAt });
      }),
      { numRuns: 150 },
    );
  });

  it('give the same bits in integers', async () => {
    await fc.assert(
      fc.asyncProperty(runs, async ({ snn, pixels, seed }) => {
        const raster = spikingLayers(snn.architecture).map(({ name }) => name);
        const recordAt = [snn.timeSteps];
        await expectAsReference(engine, {
          ...{ snn, pixels, seed, raster, recordAt, precision: 'integer' },
        });
      }),
      { numRuns: 150 },
    );
  });

  it('have the gradients of the reference engine', async () => {
    let trained = 0;
    await fc.assert(
      fc.asyncProperty(
        binaryGraphRun.filter(isComputed),
        fc.boolean(),
        async (run, detachReset) => {
          if (trainingPlan(planOf(run.snn.architecture))) trained++;
          await expectSameGradients(engine, run, 'triangle', detachReset);
        },
      ),
      { numRuns: 120 },
    );
    expect(trained).toBeGreaterThan(10);
  });
});

/** A network behind a stem of 130 channels, weights and thresholds of few bits. */
function wide(name: string, layers: readonly Layer[], seed: number): Snn {
  const stem: Layer = {
    ...{ kind: 'conv', name: 'stem', inChannels: 2, outChannels: 130 },
    ...{ kernel: 3, stride: 1, padding: 1, bias: true },
  };
  const architecture: Architecture = {
    ...{ name, inputShape: [5, 4, 2], classes: 2, layers: [stem, ...layers] },
  };
  const parameters = exactParameters(architecture, { name: `${name} ${seed}`, least: -3 });
  const spiking = spikingLayers(architecture);
  return {
    ...{ type: 'snn', architecture, parameters, timeSteps: 7, classNames: classNames(2) },
    thresholds: Object.fromEntries(spiking.map((layer) => [layer.name, 0.125])),
    neuron: { kind: 'integrate-and-fire', leak: 1, reset: 'soft', firing: 'strict', initial: 0 },
    encoder: { kind: 'poisson', range: [-1, 1] },
    readout: { kind: 'sum', scale: 1 },
  };
}

const window = { kernel: [3, 2], stride: [1, 2], padding: [1, 1, 0, 1], bias: false } as const;
const output = (inputs: number): Layer => ({
  ...{ kind: 'dense', name: 'output', inputs, outputs: 2, bias: true },
});

it('averages of 3 × 3 pixels without their padding give the same bits in integers', async () => {
  const pool = { size: 3, stride: 1, padding: 1, countPadded: false } as const;
  const layers: Layer[] = [
    { kind: 'average-pool', name: 'means', from: ['stem'], ...pool },
    { kind: 'concat', name: 'both', from: ['means', 'stem'] },
    { kind: 'conv', name: 'a', inChannels: 260, outChannels: 70, ...window },
    { kind: 'average-pool', name: 'more', ...pool },
    { kind: 'flatten' },
    output(5 * 2 * 70),
  ];
  const snn = wide('means', layers, 5);
  const random = testStream('pixels');
  const pixels = Float32Array.from({ length: 2 * 40 }, () => random.uniform() * 2 - 1);
  expect(beyondKernels(snn.architecture)).toBeUndefined();
  await expectAsReference(engine, {
    ...{ snn, pixels, seed: 6, raster: ['stem', 'a'], precision: 'integer' },
  });
});

/** Groups within blocks of output channels, over several of them, and across their borders. */
const groupings = [
  { groups: 130, outChannels: 130 },
  { groups: 130, outChannels: 260 },
  { groups: 65, outChannels: 195 },
  { groups: 2, outChannels: 128 },
  { groups: 10, outChannels: 240 },
  { groups: 5, outChannels: 5 },
];

describe('convolutions of groups', () => {
  it.each(groupings)('of $groups groups and $outChannels outputs', async (grouping) => {
    const layers: Layer[] = [
      { kind: 'conv', name: 'grouped', inChannels: 130, ...grouping, ...window },
      { kind: 'flatten' },
      output(5 * 2 * grouping.outChannels),
    ];
    const snn = wide('grouped', layers, grouping.groups);
    const random = testStream('pixels');
    const pixels = Float32Array.from({ length: 2 * 40 }, () => random.uniform() * 2 - 1);
    const raster = ['stem', 'grouped'];
    const signed = { ...snn, neuron: { ...snn.neuron, signed: true } } as Snn;
    for (const precision of ['float', 'integer'] as const) {
      await expectAsReference(engine, { snn, pixels, seed: 1, raster, precision });
      await expectAsReference(engine, { snn: signed, pixels, seed: 1, raster, precision });
    }
    const { name: _, ...square } = snn.architecture.layers[1]!;
    const trained = { ...square, name: 'grouped', stride: 1 } as Layer;
    const again = wide(
      'trained',
      [trained, { kind: 'flatten' }, output(5 * 4 * grouping.outChannels)],
      2,
    );
    expect(trainingPlan(planOf(again.architecture))).toBeDefined();
    await expectSameGradients(engine, { snn: again, pixels, seed: 2 }, 'exponential', false);
  });

  it('are balanced as by the reference engine, added to others too', async () => {
    const layers: Layer[] = [
      {
        ...{ kind: 'conv', name: 'depthwise', inChannels: 130, outChannels: 130, groups: 130 },
        ...{ kernel: 3, stride: 1, padding: 1, bias: false, linear: true },
      },
      {
        ...{ kind: 'conv', name: 'wide', from: ['stem'], inChannels: 130, outChannels: 130 },
        ...{ groups: 65, kernel: [1, 3], stride: 1, padding: [0, 0, 1, 1], bias: false },
        linear: true,
      },
      { kind: 'add', name: 'sum', from: ['depthwise', 'stem', 'wide'] },
      { kind: 'flatten' },
      output(20 * 130),
    ];
    const snn = wide('sums', layers, 3);
    const { architecture, parameters, neuron, encoder, timeSteps } = snn;
    const random = testStream('pixels');
    const request = {
      ...{ architecture, parameters, encoder, timeSteps, seed: 4, percentile: 100, scale: 1 },
      ...{ neuron: neuron as never, scaleBiases: false },
      pixels: Float32Array.from({ length: 40 }, () => random.uniform() * 2 - 1),
    };
    const [fast, slow] = [
      await engine.balanceThresholds(request),
      await createReferenceEngine().balanceThresholds(request),
    ];
    expect(fast.thresholds).toEqual(slow.thresholds);
    expect(fast.layers).toEqual(slow.layers);
  });
});
