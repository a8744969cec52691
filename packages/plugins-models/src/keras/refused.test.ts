import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { readKeras } from './read.js';

/** A network as Keras 3 writes it; `testing/refused_networks.py` makes them. */
interface Case {
  readonly name: string;
  readonly topology: unknown;
  readonly weights: readonly {
    readonly name: string;
    readonly dtype: 'float32';
    readonly shape: readonly number[];
  }[];
}

const cases = JSON.parse(
  await readFile(join(import.meta.dirname, 'testing', 'refused-networks-reference.json'), 'utf8'),
) as readonly Case[];

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'privatesnn-keras-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Reads it as tensorflowjs_converter would pack it, with weights of zeros. */
async function read({ topology, weights }: Case) {
  const count = weights.reduce((sum, { shape }) => sum + shape.reduce((n, size) => n * size, 1), 0);
  await writeFile(join(folder, 'group1-shard1of1.bin'), new Uint8Array(4 * count));
  const model = {
    format: 'layers-model',
    modelTopology: { keras_version: '3.15.1', backend: 'tensorflow', model_config: topology },
    weightsManifest: [{ paths: ['group1-shard1of1.bin'], weights }],
  };
  await writeFile(join(folder, 'model.json'), JSON.stringify(model));
  return readKeras(join(folder, 'model.json'), 'layers-model', { inputRange: [0, 1] });
}

describe('a network of Keras 3', () => {
  it.each<[string, RegExp, RegExp]>([
    ['training', /\(Dropout\) .*it is called with training = true/, /training=True/],
    ['two inputs', /should have one input, but has 2/, /one input/],
    ['two outputs', /should have one output, but has 2/, /logits alone/],
    ['constant', /\(Add\) .*it takes 1, which no layer gives/, /Rescaling/],
    ['activation', /\(Conv2D\) .*the activation \{.*"ELU".* has no spiking counterpart/, /ReLU6/],
    ['negative_slope', /\(ReLU\) .*its setting "negative_slope" is 0.1/, /with ReLU/],
    ['threshold', /\(ReLU\) .*its setting "threshold" is 0.5/, /with ReLU/],
    ['LeakyReLU', /\(LeakyReLU\) .*no spiking neuron here gives anything/, /ReLU6 in its place/],
    ['tanh', /\(Activation\) .*the activation tanh has no spiking counterpart/, /ReLU6/],
    [
      'axis',
      /\(BatchNormalization\) .*along its axis 1, which is not that of the/,
      /over the channels/,
    ],
    ['data_format', /\(MaxPooling2D\) .*channels first, but gets \[image, height/, /in one order/],
    ['Cropping2D', /layers of the type Cropping2D are not read/, /Build the network/],
    ['UpSampling2D', /layers of the type UpSampling2D are not read/, /Build the network/],
    ['Lambda', /\(Lambda\) .*a program of its own, which is never run/, /layers alone/],
    ['LayerNormalization', /by the image’s own numbers/, /BatchNormalization/],
    ['Softmax', /\(Softmax\) .*does not hold all classes/, /end only/],
    ['Reshape', /\(Reshape\) .*it cuts an axis/, /without them/],
    [
      'mixing',
      /"sequential.*\/dense.*" \(Dense\) .*it mixes rows or columns/,
      /Flatten the images/,
    ],
  ])('is refused for its %s', async (name, message, hint) => {
    const one = cases.find((other) => other.name === name)!;
    await expect(read(one)).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(message) as string,
      hint: expect.stringMatching(hint) as string,
    });
  });

  it('has no refused network that is not tried', () => {
    expect(cases).toHaveLength(18);
  });
});
