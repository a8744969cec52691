import { describe, expect, it } from 'vitest';

import type { Images } from '@privatesnn/core';
import { fakeContext } from '@privatesnn/testkit';

import { cifar10 } from './cifar10.js';
import { mnist } from './mnist.js';
import { tinyImagenet } from './tiny-imagenet.js';

/** These tests read the real files, where the environment says where they are. */
const { PRIVATESNN_MNIST, PRIVATESNN_CIFAR10, PRIVATESNN_TINY_IMAGENET } = process.env;

function histogram({ labels, classNames }: Images): number[] {
  const counts = new Array<number>(classNames.length).fill(0);
  for (const label of labels) counts[label]!++;
  return counts;
}

describe.skipIf(!PRIVATESNN_MNIST)('the real MNIST', () => {
  it.each([
    ['train', [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]],
    ['test', [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]],
  ])('has its known number of digits in the %s split', async (split, counts) => {
    const options = mnist.options.parse({ split, source: 'files' });
    const { images } = await mnist.create({}, options).run(fakeContext(), {});
    expect(histogram(images)).toEqual(counts);
  });
});

describe.skipIf(!PRIVATESNN_CIFAR10)('the real CIFAR-10', () => {
  it('has 1,000 test images of each class', async () => {
    const options = cifar10.options.parse({ split: 'test' });
    const { images } = await cifar10.create({}, options).run(fakeContext(), {});
    expect(histogram(images)).toEqual(new Array(10).fill(1000));
  });
});

describe.skipIf(!PRIVATESNN_TINY_IMAGENET)('the real Tiny-ImageNet', () => {
  it('has 200 classes of 64 × 64 colour pictures', async () => {
    const options = tinyImagenet.options.parse({ split: 'train', limit: 200 });
    const { images } = await tinyImagenet.create({}, options).run(fakeContext(), {});
    expect(images.shape).toEqual([200, 64, 64, 3]);
    expect(histogram(images)).toEqual(new Array(200).fill(1));
  });
});
