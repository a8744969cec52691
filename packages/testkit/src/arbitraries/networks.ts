import fc, { type Arbitrary } from 'fast-check';

import {
  layerShapes,
  parameterShapes,
  weightedLayers,
  type Ann,
  type Architecture,
  type Layer,
  type Parameter,
  type Parameters,
} from '@privatesnn/core';

import { floatArray } from './numbers.js';

export interface ArchitectureConstraints {
  /** Largest height and width of the input; 6 when left out. */
  readonly maxSize?: number;
  /** Largest number of channels of a layer; 5 when left out. */
  readonly maxChannels?: number;
  /** Pooling layers that may occur; average pooling when left out. */
  readonly pooling?: readonly ('average-pool' | 'max-pool')[];
  /** Whether layers may have biases; true when left out. */
  readonly bias?: boolean;
  /** Whether dropout layers (of rates that are exact in binary) may occur; false when left out. */
  readonly dropout?: boolean;
}

/**
 * Small architectures: up to two convolutions of any kernel, stride and padding that fit, pooling after them,
 * one or two dense layers. Odd sizes, single pixels and single channels are among them.
 */
export function arbitraryArchitecture(
  constraints: ArchitectureConstraints = {},
): Arbitrary<Architecture> {
  const { maxSize = 6, maxChannels = 5, pooling = ['average-pool'] } = constraints;
  const channels = fc.integer({ min: 1, max: maxChannels });
  const size = fc.integer({ min: 1, max: maxSize });
  const bias = constraints.bias === false ? fc.constant(false) : fc.boolean();
  const dropout = constraints.dropout ? fc.constantFrom(null, 0.5, 0.75) : fc.constant(null);
  const convBlock = fc.record({
    outChannels: channels,
    kernel: fc.integer({ min: 1, max: 3 }),
    stride: fc.integer({ min: 1, max: 2 }),
    padding: fc.integer({ min: 0, max: 1 }),
    bias,
    pool: fc.constantFrom(null, ...pooling),
    dropout,
  });
  return fc
    .record({
      inputShape: fc.tuple(size, size, fc.integer({ min: 1, max: 3 })),
      blocks: fc.array(convBlock, { maxLength: 2 }),
      hidden: fc.option(fc.record({ outputs: channels, bias, dropout }), { nil: null }),
      classes: fc.integer({ min: 2, max: 4 }),
      bias,
    })
    .map(({ inputShape, blocks, hidden, classes, bias }) => {
      const layers: Layer[] = [];
      let [height, width, depth]: [number, number, number] = inputShape;
      for (const [i, { pool, dropout, ...conv }] of blocks.entries()) {
        // A kernel that does not fit is made to fit by padding.
        const small: boolean = Math.min(height, width) + 2 * conv.padding < conv.kernel;
        const padding: number = small ? 1 : conv.padding;
        layers.push({ kind: 'conv', name: `conv${i + 1}`, inChannels: depth, ...conv, padding });
        height = Math.floor((height + 2 * padding - conv.kernel) / conv.stride) + 1;
        width = Math.floor((width + 2 * padding - conv.kernel) / conv.stride) + 1;
        depth = conv.outChannels;
        if (pool && height >= 2 && width >= 2) {
          layers.push({ kind: pool, size: 2 });
          height = Math.floor(height / 2);
          width = Math.floor(width / 2);
        }
        if (dropout !== null) layers.push({ kind: 'dropout', rate: dropout });
      }
      layers.push({ kind: 'flatten' });
      let inputs = height * width * depth;
      if (hidden) {
        const { outputs } = hidden;
        layers.push({ kind: 'dense', name: 'fc1', inputs, outputs, bias: hidden.bias });
        if (hidden.dropout !== null) layers.push({ kind: 'dropout', rate: hidden.dropout });
        inputs = outputs;
      }
      layers.push({ kind: 'dense', name: 'output', inputs, outputs: classes, bias });
      const architecture: Architecture = { name: 'random', inputShape, classes, layers };
      layerShapes(architecture);
      return architecture;
    });
}

/**
 * Parameters of an architecture: multiples of 1/64 in [-1, 1], so that sums of spikes times weights are exact
 * in float32 in whatever order they are taken.
 */
export function arbitraryParameters(architecture: Architecture): Arbitrary<Parameters> {
  const tensors = weightedLayers(architecture).flatMap((layer) =>
    Object.entries(parameterShapes(layer)),
  );
  return fc
    .tuple(
      ...tensors.map(([name, shape]) =>
        floatArray(
          shape.reduce((a, b) => a * b),
          { min: -1, max: 1, step: 1 / 64 },
        ).map((data): [string, Parameter] => [name, { shape, data }]),
      ),
    )
    .map((entries) => Object.fromEntries(entries));
}

/** A conventional network with random weights. */
export function arbitraryAnn(constraints: ArchitectureConstraints = {}): Arbitrary<Ann> {
  return arbitraryArchitecture(constraints).chain((architecture) =>
    fc.record({
      type: fc.constant('ann' as const),
      architecture: fc.constant(architecture),
      parameters: arbitraryParameters(architecture),
      inputRange: fc.constantFrom([0, 1] as const, [-1, 1] as const),
      classNames: fc.constant(classNames(architecture.classes)),
    }),
  );
}

/** "class 0", "class 1", … */
export function classNames(classes: number): string[] {
  return Array.from({ length: classes }, (_, i) => `class ${i}`);
}
