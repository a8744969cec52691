import { join } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import { createTensorRuntime, type TensorRuntime } from '@privatesnn/runtime-tfjs';

import { relativeDifference } from '../steps/check.js';
import { readOnnx } from './read.js';
import { floats, outputOf, references } from '../testing/evaluate.js';

/** A network as PyTorch or Keras exports it; scripts in `testing` make them. */
interface Case {
  readonly name: string;
  readonly exporter: string;
}

const folder = join(import.meta.dirname, 'testing');
const cases = (of: string) => references<Case>(folder, of);

let runtime: TensorRuntime;
beforeAll(async () => {
  runtime = await createTensorRuntime({ prefer: 'embedded', threads: 1 });
});

describe.each([
  ['PyTorch', await cases('pytorch')],
  ['Keras', await cases('keras')],
] as const)('networks of %s', (_, networks) => {
  it.each(networks)('$name ($exporter) gives the same', async ({ name, input, output }) => {
    const file = join(folder, 'networks', `${name}.onnx`);
    const { ann } = await readOnnx(file, { inputRange: [0, 1] });
    const got = outputOf(runtime, ann, input);
    expect(relativeDifference(got, floats(output))).toBeLessThan(1e-5);
  });
});
