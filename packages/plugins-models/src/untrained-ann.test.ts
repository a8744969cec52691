import { beforeAll, expect, it } from 'vitest';

import { weightedLayers, type Images } from '@privatesnn/core';
import {
  annForward,
  annTensors,
  createTensorRuntime,
  type TensorRuntime,
} from '@privatesnn/runtime-tfjs';
import { fakeContext, runStageContract, testStream } from '@privatesnn/testkit';

import { untrainedAnn } from './untrained-ann.js';

let runtime: TensorRuntime;
beforeAll(async () => {
  runtime = await createTensorRuntime({ prefer: 'embedded', threads: 1 });
});

const images: Images = {
  type: 'images',
  shape: [2, 8, 8, 3],
  pixels: new Uint8Array(384),
  range: [0, 255],
  labels: Int32Array.of(0, 1),
  classNames: ['a', 'b'],
  origin: 'real',
};
const small = { width: 0.1, hidden: 16 };

runStageContract(untrainedAnn, {
  inputs: { images },
  options: small,
  dependencies: () => ({ runtime }),
});

it('makes a network for the images, whose weights differ with the seed alone', async () => {
  const make = async (seed: number, pixels = images.pixels) => {
    const instance = untrainedAnn.create({ runtime }, untrainedAnn.options.parse(small));
    return (await instance.run(fakeContext({ seed }), { images: { ...images, pixels } })).ann;
  };
  const ann = await make(1);
  expect(ann.architecture).toMatchObject({ name: 'VGG5', inputShape: [8, 8, 3], classes: 2 });
  expect(await make(1, new Uint8Array(384).fill(9))).toEqual(ann);
  expect((await make(2)).parameters).not.toEqual(ann.parameters);
});

it('pools as it is told', async () => {
  const instance = untrainedAnn.create(
    { runtime },
    untrainedAnn.options.parse({ ...small, pooling: 'max' }),
  );
  const { ann } = await instance.run(fakeContext(), { images });
  const kinds = ann.architecture.layers.map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind.endsWith('-pool'))).toEqual(['max-pool', 'max-pool']);
});

it('normalises a residual network on the images it is given', async () => {
  const { tf } = runtime;
  const random = testStream('pixels');
  const pixels = Uint8Array.from({ length: 20 * 192 }, () => random.integer(256));
  const some: Images = {
    ...images,
    shape: [20, 8, 8, 3],
    pixels,
    labels: Int32Array.from({ length: 20 }, (_, i) => i % 2),
  };
  const make = async (options: Record<string, unknown>) => {
    const parsed = untrainedAnn.options.parse({ architecture: 'resnet20', width: 0.5, ...options });
    const { ann } = await untrainedAnn
      .create({ runtime }, parsed)
      .run(fakeContext(), { images: some });
    return ann;
  };
  const deviations = (ann: Awaited<ReturnType<typeof make>>) =>
    tf.tidy(() => {
      const found: Record<string, number> = {};
      const x = tf.tensor4d(
        Float32Array.from(pixels, (p) => p / 127.5 - 1),
        [20, 8, 8, 3],
      );
      annForward(tf, ann, annTensors(tf, ann.parameters), x, {
        normalise: (h, layer) => {
          const { mean, variance } = tf.moments(h, [...h.shape.keys()].slice(0, -1));
          expect(ann.statistics).toBeUndefined();
          found[layer] = tf.max(tf.sqrt(variance)).dataSync()[0]!;
          if ('conv1.bias' in ann.parameters && layer !== 'fc') {
            mean.dataSync().forEach((value) => expect(value).toBeCloseTo(0, 4));
          }
          return h;
        },
      });
      return weightedLayers(ann.architecture)
        .slice(0, -1)
        .map(({ name }) => found[name]!);
    });
  for (const deviation of deviations(await make({}))) expect(deviation).toBeCloseTo(1, 2);
  // Without it, block after block adds its own to what goes past.
  expect(Math.max(...deviations(await make({ batchNorm: false })))).toBeGreaterThan(5);
});
