import fc from 'fast-check';
import h5wasm from 'h5wasm';
import { describe, expect, it } from 'vitest';

import type { Snn, UserError } from '@privatesnn/core';
import { createReferenceEngine } from '@privatesnn/spiking';
import {
  arbitraryGraph,
  arbitraryParameters,
  arbitraryPixels,
  arbitrarySnnRun,
  arbitraryThresholds,
  tinySnn,
} from '@privatesnn/testkit';

import { nirGraph } from './graph.js';
import { nirBytes, nirMetadata } from './hdf5.js';
import type { NirArray, NirGraph, NirNode } from './nodes.js';
import { targetNames, targets, type Target } from './targets.js';

const engine = createReferenceEngine();

const array = (node: NirNode, field: string) => node[field] as NirArray;

/** [channels, height, width] numbers. */
interface Field {
  readonly size: readonly [number, number, number];
  readonly data: readonly number[];
}

/** One time-step of a graph, by the format's own definitions, with neurons that subtract their threshold. */
function step(graph: NirGraph, image: Field, membranes: Map<string, number[]>, dt: number): Field {
  const given = new Map([['input', image]]);
  for (const [name, node] of Object.entries(graph.nodes)) {
    if (name === 'input') continue;
    const inputs = graph.edges.filter(([, to]) => to === name).map(([from]) => given.get(from)!);
    const data = inputs[0]!.data.map((_, i) => inputs.reduce((sum, one) => sum + one.data[i]!, 0));
    given.set(name, apply(name, node, { ...inputs[0]!, data }, membranes, dt));
  }
  return given.get('output')!;
}

function apply(
  name: string,
  node: NirNode,
  input: Field,
  membranes: Map<string, number[]>,
  dt: number,
): Field {
  switch (node.type) {
    case 'Conv2d': {
      const { data, shape } = array(node, 'weight');
      const [outputs, inputs, rows, columns] = shape as [number, number, number, number];
      const [down, right] = array(node, 'stride').data as unknown as [number, number];
      const [top, left] = array(node, 'padding').data as unknown as [number, number];
      const [tall, wide] = array(node, 'dilation').data as unknown as [number, number];
      const [, height, width] = input.size;
      const outHeight = Math.floor((height + 2 * top - (rows - 1) * tall - 1) / down) + 1;
      const outWidth = Math.floor((width + 2 * left - (columns - 1) * wide - 1) / right) + 1;
      const outputsOfGroup = outputs / (node['groups'] as number);
      const result: number[] = [];
      for (let o = 0; o < outputs; o++)
        for (let y = 0; y < outHeight; y++)
          for (let x = 0; x < outWidth; x++) {
            let sum = array(node, 'bias').data[o]!;
            for (let c = 0; c < inputs; c++)
              for (let i = 0; i < rows; i++)
                for (let j = 0; j < columns; j++) {
                  const [v, u] = [y * down - top + i * tall, x * right - left + j * wide];
                  if (v < 0 || v >= height || u < 0 || u >= width) continue;
                  const weight = data[((o * inputs + c) * rows + i) * columns + j]!;
                  const from = Math.floor(o / outputsOfGroup) * inputs + c;
                  sum += weight * input.data[(from * height + v) * width + u]!;
                }
            result.push(sum);
          }
      return { size: [outputs, outHeight, outWidth], data: result };
    }
    case 'Affine': {
      const { data, shape } = array(node, 'weight');
      const [outputs, inputs] = shape as [number, number];
      expect(input.data).toHaveLength(inputs);
      const result = Array.from(array(node, 'bias').data, (bias, o) =>
        input.data.reduce((sum, value, i) => sum + data[o * inputs + i]! * value, bias),
      );
      return { size: [outputs, 1, 1], data: result };
    }
    case 'AvgPool2d':
    case 'SumPool2d': {
      const [rows, columns] = array(node, 'kernel_size').data as unknown as [number, number];
      const [channels, height, width] = input.size;
      const [down, right] = array(node, 'stride').data as unknown as [number, number];
      const outHeight = Math.floor((height - rows) / down) + 1;
      const outWidth = Math.floor((width - columns) / right) + 1;
      const result: number[] = [];
      for (let c = 0; c < channels; c++)
        for (let y = 0; y < outHeight; y++)
          for (let x = 0; x < outWidth; x++) {
            let sum = 0;
            for (let i = 0; i < rows; i++)
              for (let j = 0; j < columns; j++)
                sum += input.data[(c * height + y * down + i) * width + x * right + j]!;
            result.push(node.type === 'SumPool2d' ? sum : sum / rows / columns);
          }
      return { size: [channels, outHeight, outWidth], data: result };
    }
    case 'IF':
    case 'LIF':
    case 'CubaLIF': {
      const part = (field: string, i: number) => array(node, field).data[i]!;
      const membrane = membranes.get(name) ?? input.data.map(() => 0);
      const data = input.data.map((current, i) => {
        // Forward Euler of dv/dt = r·i, or of tau·dv/dt = −v + r·i, in 32 bits as the libraries compute.
        const rate =
          node.type === 'IF' ? dt : dt / part(node.type === 'LIF' ? 'tau' : 'tau_mem', i);
        const kept = node.type === 'IF' ? 1 : Math.fround(1 - rate);
        const gain = Math.round(rate * part('r', i) * 1e6) / 1e6;
        const u = Math.fround(kept * membrane[i]! + gain * current);
        const fires = u >= part('v_threshold', i);
        membrane[i] = fires ? u - part('v_threshold', i) : u;
        return fires ? 1 : 0;
      });
      membranes.set(name, membrane);
      return { size: input.size, data };
    }
    case 'Flatten':
      return { size: [input.data.length, 1, 1], data: input.data };
    case 'Output':
      return input;
    default:
      throw new Error(`No such node: ${node.type}`);
  }
}

/** A constant input, so that no noise has to be the same. */
const runs = arbitrarySnnRun({
  ...{ encoders: ['constant'], resets: ['soft'], leaks: [1] },
  ...{ pooling: ['average-pool'], dropout: true },
}).map(({ snn, ...run }) => ({
  ...run,
  snn: { ...snn, neuron: { ...snn.neuron, firing: 'inclusive', initial: 0 } } as Snn,
}));

/** Any graph of the layers that can be written; joins with gains. */
const graphs = arbitraryGraph({
  kinds: ['conv', 'conv', 'dense', 'add', 'add', 'average-pool', 'shortcut', 'flatten', 'dropout'],
}).chain((architecture) =>
  fc
    .record({
      snn: fc.constant(tinySnn({ timeSteps: 6 })),
      parameters: arbitraryParameters(architecture),
      thresholds: arbitraryThresholds(architecture),
      gain: fc.constantFrom(0.5, 1, 1.5),
      pixels: arbitraryPixels(architecture, [0, 1], 1),
    })
    .map(({ snn, parameters, thresholds, gain, pixels }) => ({
      snn: {
        ...{ ...snn, architecture, parameters, thresholds },
        encoder: { kind: 'constant', range: [0, 1] },
        neuron: { ...snn.neuron, reset: 'soft', leak: 1, firing: 'inclusive', initial: 0 },
        gains: Object.fromEntries(
          architecture.layers.flatMap((layer) =>
            layer.kind === 'add' ? [[layer.name, layer.from!.map((_, i) => gain ** i)]] : [],
          ),
        ),
      } as Snn,
      pixels,
      seed: 0,
    })),
);

/** Runs a network and its graph; they must give the same. */
async function expectSame(
  target: Target,
  { snn, pixels, seed }: { snn: Snn; pixels: Float32Array; seed: number },
): Promise<void> {
  const { dt } = targets[target];
  const graph = nirGraph(snn, target, dt);
  const [height, width, channels] = snn.architecture.inputShape;
  const { potentials } = await engine.infer({ snn, pixels, seed });
  const pixel = (c: number, at: number) => pixels[at * channels + c]!;
  const image = Array.from({ length: channels }, (_, c) =>
    Array.from({ length: height * width }, (_, at) => pixel(c, at)),
  ).flat();
  const membranes = new Map<string, number[]>();
  const sums = new Array<number>(snn.architecture.classes).fill(0);
  for (let t = 0; t < snn.timeSteps; t++) {
    const given = { size: [channels, height, width], data: image } as const;
    step(graph, given, membranes, dt).data.forEach((value, i) => (sums[i]! += value));
  }
  sums.forEach((sum, i) => expect(sum).toBeCloseTo(potentials[i]!, 3));
}

describe.each(targetNames)('a graph for %s, by the definitions of the format,', (target) => {
  it('gives the potentials of the network', () =>
    fc.assert(fc.asyncProperty(runs, (run) => expectSame(target, run))));

  it('gives those of a network with branches, or is refused', async () => {
    let written = 0;
    await fc.assert(
      fc.asyncProperty(graphs, (run) =>
        expectSame(target, run).then(
          () => void written++,
          (error: unknown) => {
            if ((error as UserError).code !== 'NIR_CANNOT_SAY') throw error;
          },
        ),
      ),
      { numRuns: 150 },
    );
    expect(written).toBeGreaterThan(10);
  });
});

const leaky = (target: Target) =>
  fc
    .sample(arbitrarySnnRun({ resets: ['soft'], leaks: [0.75] }), { seed: 1, numRuns: 1 })
    .map(({ snn }) => nirGraph(hidden(snn), target, targets[target].dt))[0]!;

/** The network with a hidden layer at least. */
function hidden(snn: Snn): Snn {
  const layer = { kind: 'dense', name: 'h', inputs: 2, outputs: 2, bias: false } as const;
  const parameter = { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) };
  return {
    ...snn,
    architecture: {
      name: 'hidden',
      inputShape: [1, 1, 2],
      classes: 2,
      layers: [layer, { ...layer, name: 'o' }],
    },
    parameters: { 'h.weight': parameter, 'o.weight': parameter },
    thresholds: { h: 1 },
  };
}

it('a leak is a time constant where the library has one, and refused where it has none', () => {
  for (const target of ['spikingjelly', 'snntorch'] as const) {
    const { type, tau } = leaky(target).nodes['h_neurons']!;
    expect(type).toBe('LIF');
    expect((tau as NirArray).data[0]).toBeCloseTo(4e-4, 9);
  }
  for (const target of ['generic', 'sinabs'] as const) {
    expect(() => leaky(target)).toThrow(expect.objectContaining({ code: 'NIR_CANNOT_SAY' }));
  }
});

it('what the format has no words for is refused by its layer', () => {
  const snn = hidden(fc.sample(runs, { seed: 1, numRuns: 1 })[0]!.snn);
  const refused = (changed: Partial<Snn>) => {
    try {
      nirGraph({ ...snn, ...changed }, 'generic', 1);
    } catch (error) {
      return (error as Error).message;
    }
    return 'nothing was refused';
  };
  const layers = snn.architecture.layers;
  const withPool = {
    ...snn.architecture,
    layers: [{ kind: 'max-pool', size: 1 } as const, ...layers],
  };
  expect(refused({ architecture: withPool })).toContain('layer 1 (max-pool)');
  const neuron = { ...snn.neuron, reset: 'delayed-soft' } as Snn['neuron'];
  expect(refused({ neuron })).toContain('one step after the spike');
});

it.each(targetNames)('%s has no neurons that take a spike back', (target) => {
  const snn = hidden(fc.sample(runs, { seed: 1, numRuns: 1 })[0]!.snn);
  const neuron = { ...snn.neuron, leak: 1, reset: 'soft', signed: true } as Snn['neuron'];
  expect(() => nirGraph({ ...snn, neuron }, target, 1)).toThrow(
    expect.objectContaining({
      code: 'NIR_CANNOT_SAY',
      message: expect.stringContaining('takes a spike back') as string,
      hint: expect.stringContaining('spikes: binary') as string,
    }),
  );
});

it.each(targetNames)('%s has no neurons with a probe', (target) => {
  const snn = hidden(fc.sample(runs, { seed: 1, numRuns: 1 })[0]!.snn);
  const neuron = { ...snn.neuron, leak: 1, reset: 'soft', probeSteps: 1 } as Snn['neuron'];
  expect(() => nirGraph({ ...snn, neuron }, target, 1)).toThrow(
    expect.objectContaining({
      code: 'NIR_CANNOT_SAY',
      message: expect.stringContaining('a probe') as string,
      hint: expect.stringContaining('probeSteps: 0') as string,
    }),
  );
});

it.each(targetNames)('%s has no initial potentials of single channels', (target) => {
  const snn = hidden(fc.sample(runs, { seed: 1, numRuns: 1 })[0]!.snn);
  expect(() => nirGraph({ ...snn, initialPotentials: { h: [0, 1] } }, target, 1)).toThrow(
    expect.objectContaining({
      code: 'NIR_CANNOT_SAY',
      message: expect.stringContaining('single channels') as string,
      hint: expect.stringContaining('potentials: fixed') as string,
    }),
  );
});

it('names are those of the layers, without what cuts a path, each once', () => {
  const snn = hidden(fc.sample(runs, { seed: 1, numRuns: 1 })[0]!.snn);
  const [h, o] = ['output', 'a/b.c'];
  const [first, second] = snn.architecture.layers;
  const { nodes, edges } = nirGraph(
    {
      ...snn,
      architecture: {
        ...snn.architecture,
        layers: [{ ...first, name: h } as typeof first, { ...second, name: o } as typeof second],
      } as Snn['architecture'],
      parameters: {
        [`${h}.weight`]: snn.parameters['h.weight']!,
        [`${o}.weight`]: snn.parameters['o.weight']!,
      },
      thresholds: { [h]: 1 },
    },
    'generic',
    1,
  );
  expect(Object.keys(nodes)).toEqual(
    'input output_flatten output_2 output_neurons a_b_c output'.split(' '),
  );
  expect(edges).toHaveLength(5);
});

it('a file holds datasets and no attributes, texts and shapes as they are', async () => {
  const { snn } = fc.sample(runs, { seed: 3, numRuns: 1 })[0]!;
  const bytes = await nirBytes(nirGraph(hidden(snn), 'generic', 1));
  expect(await nirMetadata(bytes)).toEqual(['privatesnn']);
  expect(await nirMetadata(Buffer.from('no HDF5'))).toBeUndefined();
  const { FS } = await h5wasm.ready;
  FS.writeFile('test.nir', bytes);
  const file = new h5wasm.File('test.nir', 'r');
  const value = (path: string) => (file.get(path) as { value: unknown }).value;
  expect(value('version')).toBe('1.0.8');
  expect(value('node/type')).toBe('NIRGraph');
  expect(value('node/edges')).toEqual(
    'input h_flatten h_flatten h h h_neurons h_neurons o o output'.split(' '),
  );
  expect(value('node/nodes/h/type')).toBe('Affine');
  expect(value('node/nodes/h/weight')).toEqual(Float32Array.of(1, 3, 2, 4));
  expect((file.get('node/nodes/h/weight') as { shape: unknown }).shape).toEqual([2, 2]);
  expect(Object.keys((file.get('node/nodes/h') as { attrs: object }).attrs)).toEqual([]);
  expect(JSON.parse(value('node/metadata/privatesnn') as string)).toMatchObject({
    thresholds: { h: 1 },
    encoder: { kind: 'constant' },
  });
  file.close();
});
