import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Tensor4D } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { annForward, annTensors, createTensorRuntime } from '@privatesnn/runtime-tfjs';

import { readLayersModel } from './read.js';

/** A network as Keras 3 writes it, and what Keras computes; `testing/keras_reference.py` makes them. */
interface Case {
  readonly name: string;
  readonly topology: unknown;
  readonly weights: readonly {
    readonly name: string;
    readonly dtype: 'float32' | 'int32';
    readonly shape: readonly number[];
    readonly values?: readonly number[];
  }[];
  readonly input?: { readonly shape: [number, number, number, number]; readonly values: number[] };
  readonly output?: readonly number[];
}

const cases = JSON.parse(
  await readFile(join(import.meta.dirname, 'testing', 'keras-reference.json'), 'utf8'),
) as readonly Case[];

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'privatesnn-keras-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

async function read({ topology, weights }: Case) {
  const parts = weights.map(({ dtype, shape, values }) => {
    const numbers = values ?? Array<number>(shape.reduce((n, size) => n * size, 1)).fill(0);
    return dtype === 'float32' ? Float32Array.from(numbers) : Int32Array.from(numbers);
  });
  await writeFile(
    join(folder, 'group1-shard1of1.bin'),
    Buffer.concat(parts.map(({ buffer }) => Buffer.from(buffer))),
  );
  const entries = weights.map(({ name, dtype, shape }) => ({ name, dtype, shape }));
  const model = {
    format: 'layers-model',
    modelTopology: { keras_version: '3.15.1', backend: 'tensorflow', model_config: topology },
    weightsManifest: [{ paths: ['group1-shard1of1.bin'], weights: entries }],
  };
  await writeFile(join(folder, 'model.json'), JSON.stringify(model));
  return (await readLayersModel(join(folder, 'model.json'), {})).ann;
}

describe('a network of Keras 3', () => {
  it.each(cases.filter(({ output }) => output))(
    'computes what Keras computes: $name',
    async (one) => {
      const ann = await read(one);
      const { tf } = await createTensorRuntime({ prefer: 'embedded' });
      const found = tf.tidy(() => {
        const x = tf.tensor(one.input!.values, one.input!.shape) as Tensor4D;
        const logits = annForward(tf, ann, annTensors(tf, ann.parameters), x);
        return [...(one.name === 'functional' ? logits : tf.softmax(logits)).dataSync()];
      });
      // Keras rounds to 11 bits under mixed_float16; all else is 32-bit.
      const tolerance = one.name === 'mixed_float16' ? 2e-3 : 1e-6;
      expect(found).toHaveLength(one.output!.length);
      one.output!.forEach((value, i) => {
        expect(Math.abs(found[i]! - value)).toBeLessThan(tolerance * Math.max(1, Math.abs(value)));
      });
    },
  );

  it.each<[string, RegExp]>([
    ['activation', /"object" \(Conv2D\) .*the activation \{.*"ReLU".* has no spiking counterpart/],
    ['data_format', /\(Flatten\) .*its setting "data_format" is "channels_first"/],
    ['training', /\(Dropout\) .*it is called with training = true/],
    ['max_value', /\(ReLU\) .*its setting "max_value" is 6/],
    ['negative_slope', /\(ReLU\) .*its setting "negative_slope" is 0.1/],
    ['threshold', /\(ReLU\) .*its setting "threshold" is 0.5/],
    ['ReLU6', /\(Activation\) .*the activation relu6 has no spiking counterpart/],
    ['LeakyReLU', /the layer type LeakyReLU is not known here/],
    ['axis', /\(BatchNormalization\) .*its setting "axis" is 1/],
    ['dilation_rate', /\(Conv2D\) .*its setting "dilation_rate" is \[2,2\]/],
    ['groups', /\(Conv2D\) .*its setting "groups" is 2/],
    ['ZeroPadding2D', /the layer type ZeroPadding2D is not known here/],
    ['Cropping2D', /the layer type Cropping2D is not known here/],
    ['UpSampling2D', /the layer type UpSampling2D is not known here/],
    ['Permute', /the layer type Permute is not known here/],
    ['Reshape', /the layer type Reshape is not known here/],
    ['Rescaling', /the layer type Rescaling is not known here/],
    ['GlobalAveragePooling2D', /the layer type GlobalAveragePooling2D is not known here/],
    ['DepthwiseConv2D', /the layer type DepthwiseConv2D is not known here/],
    ['strides', /\(MaxPooling2D\) .*its setting "strides" must be 3/],
    ['padding', /\(AveragePooling2D\) .*its setting "padding" is "same", but 4 × 4 pixels/],
  ])('is refused for its %s', async (name, message) => {
    const one = cases.find((other) => other.name === `refused: ${name}`)!;
    const refused = {
      name: 'UserError',
      code: 'MODEL_LAYER',
      message: expect.stringMatching(message) as string,
    };
    await expect(read(one)).rejects.toMatchObject(refused);
  });

  it('has no refused network that is not tried', () => {
    expect(cases.filter(({ name }) => name.startsWith('refused'))).toHaveLength(21);
  });
});
