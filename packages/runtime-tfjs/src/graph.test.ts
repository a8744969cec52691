import type { Tensor4D } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';

import {
  layerShapes,
  sourcesOf,
  spikingLayers,
  type Ann,
  type Architecture,
  type Layer,
  type LayerShape,
  type Parameters,
} from '@privatesnn/core';
import {
  arbitraryGraph,
  arbitraryParameters,
  arbitraryPixels,
  naiveLayer,
} from '@privatesnn/testkit';

import { annForward, annTensors } from './ann.js';
import { createTensorRuntime } from './create.js';
import { frozenAnn } from './frozen-ann.js';
import type { Tf } from './runtime.js';

let tf: Tf;
beforeAll(async () => {
  tf = (await createTensorRuntime()).tf;
});

const networks = arbitraryGraph().chain((architecture) =>
  fc.record({
    architecture: fc.constant(architecture),
    parameters: arbitraryParameters(architecture),
    pixels: arbitraryPixels(architecture, [-1, 1], 2),
  }),
);

/** The logits of one image, number by number. */
function naive(architecture: Architecture, parameters: Parameters, pixels: Float32Array): number[] {
  const shapes = layerShapes(architecture);
  const sources = sourcesOf(architecture);
  const spiking = new Set<Layer>(spikingLayers(architecture));
  const outputs: { shape: LayerShape; values: ArrayLike<number> }[] = [];
  architecture.layers.forEach((layer, index) => {
    const inputs = sources[index]!.map(
      (source) => outputs[source] ?? { shape: [...architecture.inputShape], values: pixels },
    );
    const values = naiveLayer(layer, inputs as never, shapes[index]!, parameters);
    const clip = ('maximum' in layer && layer.maximum) || Infinity;
    outputs.push({
      shape: shapes[index]!,
      values: spiking.has(layer) ? values.map((x) => Math.min(clip, Math.max(0, x))) : values,
    });
  });
  return Array.from(outputs.at(-1)!.values);
}

function shapeOf(
  { inputShape }: Architecture,
  pixels: Float32Array,
): [number, number, number, number] {
  const [height, width, channels] = inputShape;
  return [pixels.length / (height * width * channels), height, width, channels];
}

describe('annForward of a graph', () => {
  test('is what its layers are, number by number', () => {
    fc.assert(
      fc.property(networks, ({ architecture, parameters, pixels }) => {
        const shape = shapeOf(architecture, pixels);
        const size = pixels.length / shape[0];
        const logits = tf.tidy(() =>
          annForward(
            tf,
            { architecture },
            annTensors(tf, parameters),
            tf.tensor4d(pixels, shape),
          ).dataSync(),
        );
        const expected = Array.from({ length: shape[0] }, (_, i) =>
          naive(architecture, parameters, pixels.subarray(i * size, (i + 1) * size)),
        ).flat();
        const scale = Math.max(1, ...expected.map(Math.abs));
        expected.forEach((value, i) => {
          expect(Math.abs(logits[i]! - value)).toBeLessThan(1e-5 * scale);
        });
      }),
      { numRuns: 150 },
    );
  });

  test('has gradients: those of a linear layer are its transpose', () => {
    const kinds = ['conv', 'average-pool', 'shortcut', 'concat', 'add', 'conv'] as const;
    const linear = arbitraryGraph({ kinds, maximum: false })
      .map((architecture): Architecture => ({
        ...architecture,
        layers: architecture.layers.map((layer) =>
          layer.kind === 'conv' || layer.kind === 'dense' || layer.kind === 'add'
            ? { ...layer, linear: true, ...('bias' in layer ? { bias: false } : {}) }
            : layer,
        ) as Layer[],
      }))
      .chain((architecture) =>
        fc.record({
          architecture: fc.constant(architecture),
          parameters: arbitraryParameters(architecture),
          pixels: arbitraryPixels(architecture, [-1, 1], 1),
          direction: arbitraryPixels(architecture, [-1, 1], 1),
        }),
      );
    fc.assert(
      fc.property(linear, ({ architecture, parameters, pixels, direction }) => {
        if (direction.length !== pixels.length) return;
        const shape = shapeOf(architecture, pixels);
        const { along, expected } = tf.tidy(() => {
          const tensors = annTensors(tf, parameters);
          const forward = (x: Tensor4D) => annForward(tf, { architecture }, tensors, x);
          const dy = tf.tensor2d(
            Array.from({ length: architecture.classes }, (_, i) => i + 1),
            [1, architecture.classes],
          );
          const loss = (...[x]: [Tensor4D]) => tf.sum(tf.mul(forward(x), dy));
          const { grads } = tf.valueAndGrads(loss as never)([tf.tensor4d(pixels, shape)]);
          const v = tf.tensor4d(direction, shape);
          return {
            along: tf.sum(tf.mul(grads[0]!, v)).dataSync()[0]!,
            expected: tf.sum(tf.mul(forward(v), dy)).dataSync()[0]!,
          };
        });
        expect(Math.abs(along - expected)).toBeLessThan(1e-4 * Math.max(1, Math.abs(expected)));
      }),
      { numRuns: 60 },
    );
  });

  test('is what a frozen network gives, with its gradient', () => {
    fc.assert(
      fc.property(networks, ({ architecture, parameters, pixels }) => {
        const shape = shapeOf(architecture, pixels);
        const ann: Pick<Ann, 'architecture' | 'parameters'> = { architecture, parameters };
        const frozen = frozenAnn(tf, ann, shape[0]);
        tf.tidy(() => {
          const x = tf.tensor4d(pixels, shape);
          const tensors = annTensors(tf, parameters);
          const results = [frozen.forward, (y: Tensor4D) => annForward(tf, ann, tensors, y)].map(
            (forward) => {
              const { value, grads } = tf.valueAndGrads(((y: Tensor4D) =>
                tf.sum(tf.square(forward(y)))) as never)([x]);
              return [value.dataSync()[0], Array.from(grads[0]!.dataSync())];
            },
          );
          expect(results[0]).toEqual(results[1]);
        });
        frozen.dispose();
      }),
      { numRuns: 30 },
    );
  });
});
