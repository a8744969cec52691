import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';

import { layerShapes, spikingLayers, weightedLayers } from '@privatesnn/core';
import {
  annForward,
  annTensors,
  createTensorRuntime,
  type TensorRuntime,
} from '@privatesnn/runtime-tfjs';
import { fakeContext } from '@privatesnn/testkit';

import { namedArchitecture } from './named-architecture.js';
import { pretrained } from './pretrained.js';
import { resnet, resnetNames } from './resnet.js';
import { resnetTensors } from './resnet-tensors.js';
import { readSafetensorsAnn } from './read-model.js';

const testing = join(import.meta.dirname, 'testing');

let runtime: TensorRuntime;
beforeAll(async () => {
  runtime = await createTensorRuntime({ prefer: 'embedded', threads: 1 });
});

describe('resnet', () => {
  const cifar = { inputShape: [32, 32, 3], classes: 10 } as const;

  // Weights of convolutions and dense layers as the papers and the usual implementations have them.
  it.each([
    ['resnet20', 20, 268_346],
    ['resnet32', 32, 461_882],
    ['resnet44', 44, 655_418],
    ['resnet56', 56, 848_954],
    ['resnet18', 21, 11_164_362],
    ['resnet19', 21, 12_687_498],
  ] as const)('%s has %i weighted layers and %i parameters', (name, layers, parameters) => {
    const weighted = weightedLayers(resnet(name, cifar));
    expect(weighted).toHaveLength(layers);
    const size = weighted.reduce(
      (sum, layer) =>
        sum +
        (layer.kind === 'conv'
          ? (layer.kernel as number) ** 2 * layer.inChannels * layer.outChannels
          : (layer.inputs + 1) * layer.outputs),
      0,
    );
    expect(size).toBe(parameters);
  });

  it('fits together for any size, width and number of classes', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...resnetNames),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 300 }),
        fc.double({ min: 0.01, max: 2, noNaN: true }),
        (name, height, width, channels, classes, factor) => {
          const network = resnet(name, {
            inputShape: [height, width, channels],
            classes,
            width: factor,
          });
          expect(layerShapes(network).at(-1)).toEqual([1, 1, classes]);
          const names = network.layers.flatMap((layer) => layer.name ?? []);
          expect(new Set(names).size).toBe(names.length);
          // One non-linearity after the first convolution, two in each block.
          const adds = network.layers.filter(({ kind }) => kind === 'add').length;
          const hidden = name === 'resnet19' ? 1 : 0;
          expect(spikingLayers(network)).toHaveLength(1 + 2 * adds + hidden);
        },
      ),
    );
  });

  it('refuses what a residual network does not have', () => {
    expect(() => namedArchitecture('resnet20', { ...cifar, hidden: 3 })).toThrow(
      '"hidden" can change nothing: resnet20 has no hidden dense layer.',
    );
    expect(() => namedArchitecture('resnet18', { ...cifar, pooling: 'max' })).toThrow(
      '"pooling" can change nothing: resnet18 pools once, and takes the mean.',
    );
    const { layers } = namedArchitecture('resnet19', { ...cifar, hidden: 3 });
    expect(layers.at(-1)).toMatchObject({ name: 'fc', inputs: 3 });
  });
});

describe('a state dict of PyTorch', async () => {
  const reference = JSON.parse(
    await readFile(join(testing, 'resnets-reference.json'), 'utf8'),
  ) as Record<string, number[]>;

  it.each(['resnet18', 'resnet20'] as const)('of %s gives what PyTorch gives', async (name) => {
    const { tf } = runtime;
    const file = join(testing, `${name}.safetensors`);
    const { ann, remarks } = await readSafetensorsAnn(file, null, {
      architecture: name,
      inputShape: [10, 9, 3],
      classes: 4,
      width: name === 'resnet18' ? 1 / 32 : 1 / 8,
      layout: 'pytorch-resnet',
      batchNormEpsilon: 1e-5,
      inputRange: [0, 1],
    });
    expect(remarks).toEqual([]);
    const found = tf.tidy(() => {
      const x = tf.tensor4d(reference['images']!, [2, 10, 9, 3]);
      return annForward(tf, ann, annTensors(tf, ann.parameters), x).dataSync();
    });
    expect(found).toHaveLength(8);
    reference[name]!.forEach((value, i) => expect(found[i]).toBeCloseTo(value, 5));
    expect(Object.keys(ann.statistics!)).toEqual(
      weightedLayers(ann.architecture)
        .slice(0, -1)
        .map((layer) => layer.name),
    );
  });

  it('is refused as another layout, with the option to look at', async () => {
    const read = (layout: 'pytorch-vgg' | 'native') =>
      readSafetensorsAnn(join(testing, 'resnet18.safetensors'), null, {
        architecture: 'resnet18',
        inputShape: [10, 9, 3],
        classes: 4,
        width: 1 / 32,
        layout,
      });
    await expect(read('pytorch-vgg')).rejects.toMatchObject({
      code: 'TENSOR_COUNT',
      hint: expect.stringContaining('"layout"') as string,
    });
    await expect(read('native')).rejects.toMatchObject({ code: 'BATCH_NORM_UNUSED' });
  });

  it('is read by the stage `pretrained`', async () => {
    const options = pretrained.options.parse({
      path: join(testing, 'resnet20.safetensors'),
      architecture: 'resnet20',
      width: 1 / 8,
      layout: 'pytorch-resnet',
      inputShape: [32, 32, 3],
      classes: 4,
      inputRange: [0, 1],
    });
    const context = fakeContext();
    const { ann } = await pretrained.create({ runtime }, options).run(context, {});
    expect(ann.architecture.name).toBe('ResNet-20');
    expect(context.warnings.join()).toContain('batchNormEpsilon');
  });
});

describe('resnetTensors', () => {
  const shapes = (...names: string[]) => ({ shapes: new Map(names.map((name) => [name, [1]])) });

  it('finds each layer by either name, behind a prefix', () => {
    const layers = ['conv1', 'layer1.0.conv1', 'layer2.0.downsample.0', 'fc'];
    const found = ['x.conv1', 'x.layer1.0.conv1', 'x.layer2.0.shortcut.0', 'x.linear'].map(
      (name) => `${name}.weight`,
    );
    expect(resnetTensors(shapes(...found.toReversed()), layers)).toEqual(found);
  });

  it('names what is missing as torchvision does', () => {
    expect(resnetTensors(shapes('conv1.weight', 'other.weight'), ['conv1', 'fc'])).toEqual([
      'conv1.weight',
      'fc.weight',
    ]);
  });
});
