import { join } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import { createTensorRuntime, type TensorRuntime } from '@privatesnn/runtime-tfjs';
import { testStream } from '@privatesnn/testkit';

import { findModel } from '../read-model.js';
import { relativeDifference } from '../steps/check.js';
import { floats, imagesOf, outputOf, references } from '../testing/evaluate.js';
import { checkAgainstTfjs } from './check.js';
import { readKeras, type Container } from './read.js';

/** A network as Keras saves it; `testing/networks.py` makes them. */
interface Case {
  readonly file: string;
  readonly inputShape: [number, number, number] | null;
}

const folder = join(import.meta.dirname, 'testing');
const cases = (of: string) => references<Case>(folder, of);

let runtime: TensorRuntime;
beforeAll(async () => {
  runtime = await createTensorRuntime({ prefer: 'embedded', threads: 1 });
});

describe.each([
  ['Keras 3', await cases('keras3')],
  ['Keras 2 and tensorflowjs', await cases('keras2')],
] as const)('networks of %s', (_, networks) => {
  it.each(networks)('$file gives the same', async ({ file, inputShape, input, output }) => {
    const path = join(folder, 'networks', file);
    const found = await findModel(path);
    expect(found).toMatchObject({ kind: 'keras', file: path });
    const { container } = found as { container: Container };
    const { ann, probe } = await readKeras(path, container, { inputRange: [0, 1], inputShape });
    const got = outputOf(runtime, ann, imagesOf(input, probe), probe.end);
    expect(relativeDifference(got, floats(output))).toBeLessThan(2e-5);
  });
});

describe('the check against TensorFlow.js', () => {
  it.each(['tfjs-residual', 'tfjs-inverted-residual'])('finds %s equal', async (name) => {
    const file = join(folder, 'networks', name, 'model.json');
    const { ann, probe } = await readKeras(file, 'layers-model', { inputRange: [-1, 1] });
    const checked = await checkAgainstTfjs(ann, probe, runtime, testStream('probe'));
    expect(checked).toMatchObject({ checked: true, by: 'TensorFlow.js' });
    const [key] = Object.keys(ann.parameters);
    const { shape, data } = ann.parameters[key!]!;
    const other = { ...ann.parameters, [key!]: { shape, data: data.map((value) => value * 1.01) } };
    await expect(
      checkAgainstTfjs({ ...ann, parameters: other }, probe, runtime, testStream('probe')),
    ).rejects.toMatchObject({ code: 'MODEL_CHECK' });
  });

  it.each([
    ['tfjs-separable/model.json', 'layers-model', /TensorFlow.js does not run it \(Fields kernel/],
    ['residual.keras', 'keras', /only Python evaluates files of Keras/],
  ] as const)('says why %s was not checked', async (name, container, reason) => {
    const file = join(folder, 'networks', name);
    const { ann, probe } = await readKeras(file, container, { inputRange: [-1, 1] });
    const checked = await checkAgainstTfjs(ann, probe, runtime, testStream('probe'));
    expect(checked).toEqual({ checked: false, reason: expect.stringMatching(reason) as string });
  });
});
