import { describe, expect, test } from 'vitest';

import {
  architectureSchema,
  type Architecture,
  type Layer,
  type WeightedLayer,
} from './artefacts.js';
import { beyondChain, layerShapes, sourcesOf, spikingLayers } from './graph.js';
import { parameterShapes, weightedLayers } from './network.js';

const conv = { kind: 'conv', kernel: 3, stride: 1, padding: 1, bias: false } as const;

/** A residual block whose shortcut is ResNet's option A, then the classes. */
const residual: Architecture = {
  name: 'block',
  inputShape: [7, 6, 3],
  classes: 2,
  layers: [
    { ...conv, name: 'stem', inChannels: 3, outChannels: 4 },
    { ...conv, name: 'a', inChannels: 4, outChannels: 8, stride: 2 },
    { ...conv, name: 'b', inChannels: 8, outChannels: 8, linear: true },
    { kind: 'shortcut', name: 'past', from: ['stem'], stride: 2, before: 2, after: 2 },
    { kind: 'add', name: 'sum', from: ['b', 'past'] },
    { kind: 'average-pool', size: [4, 3] },
    { kind: 'flatten' },
    { kind: 'dense', name: 'out', inputs: 8, outputs: 2, bias: true },
  ],
};

const withLayers = (layers: readonly Layer[]): Architecture => ({ ...residual, layers });
const changed = (index: number, change: object): Architecture =>
  withLayers(residual.layers.map((l, i) => (i === index ? ({ ...l, ...change } as Layer) : l)));

describe('a network as a graph', () => {
  test('has sources, shapes and spiking layers', () => {
    expect(architectureSchema.parse(residual)).toEqual(residual);
    expect(sourcesOf(residual)).toEqual([[-1], [0], [1], [0], [2, 3], [4], [5], [6]]);
    expect(layerShapes(residual)).toEqual([
      [7, 6, 4],
      [4, 3, 8],
      [4, 3, 8],
      [4, 3, 8],
      [4, 3, 8],
      [1, 1, 8],
      [1, 1, 8],
      [1, 1, 2],
    ]);
    expect(spikingLayers(residual).map(({ name }) => name)).toEqual(['stem', 'a', 'sum']);
    expect(weightedLayers(residual).map(({ name }) => name)).toEqual(['stem', 'a', 'b', 'out']);
  });

  test.each<[string, Architecture, RegExp]>([
    [
      'an unknown name',
      changed(4, { from: ['b', 'nobody'] }),
      /"nobody", but there is no such layer/,
    ],
    ['a later layer', changed(2, { from: ['sum'] }), /not "sum", which does not come before it/],
    ['itself', changed(4, { from: ['b', 'sum'] }), /add "sum" to take earlier layers, not "sum"/],
    [
      'one summand',
      changed(4, { from: ['b'] }),
      /add "sum" to take at least two layers .*received 1/,
    ],
    ['two inputs', changed(2, { from: ['a', 'a'] }), /conv "b" to take one layer .*received 2/],
    ['a name twice', changed(2, { name: 'a' }), /Two of them are named "a"/],
    ['the name of the image', changed(0, { name: 'input' }), /No layer may be named "input"/],
    [
      'an output that goes nowhere',
      changed(4, { from: ['b', 'b'] }),
      /Nothing takes the output of shortcut "past"/,
    ],
    [
      'other shapes',
      changed(3, { after: 3 }),
      /add "sum" takes to be of one shape, received 4 × 3 × 8 and 4 × 3 × 9/,
    ],
    [
      'other channels',
      changed(1, { inChannels: 5 }),
      /conv "a" declares 5 input channels, but receives 4/,
    ],
    ['groups that do not divide', changed(1, { groups: 3 }), /multiples of its 3 groups/],
    [
      'a window too large',
      changed(5, { size: 5 }),
      /layer 6 \(average-pool\) is left with 0 × 0 pixels/,
    ],
    [
      'windows in the padding',
      changed(5, { size: [4, 3], stride: 4, padding: [0, 4, 0, 0] }),
      /layer 6 \(average-pool\) has windows that lie wholly in its padding/,
    ],
  ])('is refused with %s', (_, network, message) => {
    expect(() => layerShapes(network)).toThrow(message);
  });

  test('has rectangular, dilated and grouped convolutions', () => {
    const layer: WeightedLayer = {
      ...conv,
      ...{ name: 'c', inChannels: 6, outChannels: 12, groups: 3, bias: true },
      kernel: [3, 1],
      stride: [2, 1],
      dilation: [2, 1],
      padding: [1, 2, 0, 1],
    };
    const network: Architecture = { ...withLayers([layer]), inputShape: [9, 5, 6] };
    // (9 + 3 − 5) / 2 + 1 and 5 + 1 − 1 + 1.
    expect(layerShapes(network)).toEqual([[4, 6, 12]]);
    expect(parameterShapes(layer)).toEqual({ 'c.weight': [3, 1, 2, 12], 'c.bias': [12] });
  });

  test('puts channels side by side', () => {
    const network = withLayers([
      { kind: 'max-pool', name: 'p', size: 3, stride: 2, padding: [0, 1, 0, 1] },
      { kind: 'average-pool', name: 'q', from: ['input'], size: 3, stride: 2, padding: 1 },
      { kind: 'concat', name: 'both', from: ['p', 'q', 'p'] },
    ]);
    expect(() => layerShapes(network)).toThrow(/concat "both" takes to be of one height/);
    const fitting = withLayers(
      network.layers.map((l) => (l.name === 'q' ? { ...l, padding: [0, 1, 0, 1] } : l) as Layer),
    );
    expect(layerShapes(fitting).at(-1)).toEqual([3, 3, 9]);
  });
});

describe('chains', () => {
  const plain = withLayers([
    { ...conv, name: 'a', from: ['input'], inChannels: 3, outChannels: 4, kernel: [3, 3] },
    { kind: 'max-pool', name: 'pool', size: 2, stride: 2 },
    { kind: 'flatten', from: ['pool'] },
    { kind: 'dense', name: 'out', inputs: 36, outputs: 2, bias: true, linear: true },
  ]);

  test('are known in whatever words', () => {
    expect(beyondChain(plain)).toBeUndefined();
  });

  test.each([
    ['conv "b"', residual],
    [
      'max-pool "pool"',
      withLayers(
        plain.layers.map((l) => (l.kind === 'max-pool' ? { ...l, gated: true } : l) as Layer),
      ),
    ],
    [
      'add "sum"',
      withLayers(
        residual.layers
          .map((l) => (l.name === 'b' ? { ...l, linear: false } : l) as Layer)
          .filter((l) => l.kind !== 'shortcut')
          .map((l) => (l.kind === 'add' ? { ...l, from: ['b', 'a'] } : l) as Layer),
      ),
    ],
    [
      'conv "a"',
      withLayers([{ ...plain.layers[0]!, maximum: 6 } as Layer, ...plain.layers.slice(1)]),
    ],
    [
      'conv "a"',
      withLayers([{ ...plain.layers[0]!, linear: true } as Layer, ...plain.layers.slice(1)]),
    ],
    [
      'conv "a"',
      withLayers([
        { ...plain.layers[0]!, padding: [1, 1, 1, 0] } as Layer,
        ...plain.layers.slice(1),
      ]),
    ],
    [
      'conv "a"',
      withLayers([{ ...plain.layers[0]!, dilation: 2 } as Layer, ...plain.layers.slice(1)]),
    ],
    [
      'max-pool "pool"',
      withLayers([
        plain.layers[0]!,
        { ...plain.layers[1]!, stride: 1 } as Layer,
        ...plain.layers.slice(2),
      ]),
    ],
  ])('have no %s', (name, network) => {
    expect(beyondChain(network)).toBe(name);
  });
});
