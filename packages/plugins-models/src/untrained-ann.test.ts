import { expect, it } from 'vitest';

import type { Images } from '@privatesnn/core';
import { fakeContext, runStageContract } from '@privatesnn/testkit';

import { untrainedAnn } from './untrained-ann.js';

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

runStageContract(untrainedAnn, { inputs: { images }, options: small });

it('makes a network for the images, whose weights differ with the seed alone', async () => {
  const make = async (seed: number, pixels = images.pixels) => {
    const instance = untrainedAnn.create({}, untrainedAnn.options.parse(small));
    return (await instance.run(fakeContext({ seed }), { images: { ...images, pixels } })).ann;
  };
  const ann = await make(1);
  expect(ann.architecture).toMatchObject({ name: 'VGG5', inputShape: [8, 8, 3], classes: 2 });
  expect(await make(1, new Uint8Array(384).fill(9))).toEqual(ann);
  expect((await make(2)).parameters).not.toEqual(ann.parameters);
});

it('pools as it is told', async () => {
  const instance = untrainedAnn.create(
    {},
    untrainedAnn.options.parse({ ...small, pooling: 'max' }),
  );
  const { ann } = await instance.run(fakeContext(), { images });
  const kinds = ann.architecture.layers.map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind.endsWith('-pool'))).toEqual(['max-pool', 'max-pool']);
});
