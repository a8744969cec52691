import { join } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import { createTensorRuntime, type TensorRuntime } from '@privatesnn/runtime-tfjs';
import { testStream } from '@privatesnn/testkit';

import { checkAgainstFile } from './check.js';
import { readOnnx } from './read.js';
import { outputOf } from '../testing/evaluate.js';

let runtime: TensorRuntime;
beforeAll(async () => {
  runtime = await createTensorRuntime({ prefer: 'embedded', threads: 1 });
});

const network = (name: string) =>
  readOnnx(join(import.meta.dirname, 'testing', 'networks', `${name}.onnx`), {
    inputRange: [0, 1],
  });

class Tensor {
  constructor(
    readonly type: string,
    readonly data: Float32Array,
    readonly shape: number[],
  ) {}
}

/** In place of onnxruntime-node: gives what the function makes of images [count, channels, height, width]. */
function evaluator(name: string, of: (images: Tensor) => unknown) {
  const session = {
    run: (feeds: Record<string, Tensor>) =>
      Promise.resolve({ [name]: { data: of(Object.values(feeds)[0]!) } }),
  };
  const load = () =>
    Promise.resolve({
      default: { InferenceSession: { create: () => Promise.resolve(session) }, Tensor },
    });
  return load;
}

/** The network itself, as an evaluator of its file. */
async function itself(name: string, change: (output: Float32Array) => void = () => undefined) {
  const { ann, probe } = await network(name);
  const load = evaluator(probe.outputName, ({ data, shape }) => {
    const [count = 0, channels = 0, height = 0, width = 0] = shape;
    const pixels = Float32Array.from(data, (_, i) => {
      const [pixel, channel] = [Math.floor(i / channels), i % channels];
      const image = Math.floor(pixel / (height * width));
      return data[(image * channels + channel) * height * width + (pixel % (height * width))]!;
    });
    const values = Buffer.from(pixels.buffer).toString('base64');
    const output = outputOf(runtime, ann, { shape: [count, height, width, channels], values });
    if (probe.end !== undefined) softmax(output, ann.architecture.classes);
    change(output);
    return output;
  });
  return checkAgainstFile(ann, probe, runtime, testStream('probe'), load);
}

function softmax(values: Float32Array, classes: number): void {
  for (let start = 0; start < values.length; start += classes) {
    const row = values.subarray(start, start + classes);
    const sum = row.reduce((total, value) => total + Math.exp(value), 0);
    row.forEach((value, i) => (row[i] = Math.exp(value) / sum));
  }
}

describe('the check of a converted network against its file', () => {
  it.each(['resnet-option-b', 'rectangular', 'softmax'])('%s: equal numbers pass', async (name) => {
    const result = await itself(name);
    expect(result).toMatchObject({ checked: true });
    expect(result.checked && result.difference).toBeLessThan(1e-6);
  });

  it('other numbers are an error that says how far they are', async () => {
    const shift = (output: Float32Array) => (output[7] = output[7]! + 0.01);
    await expect(itself('resnet-option-b', shift)).rejects.toMatchObject({
      code: 'MODEL_CHECK',
      message: expect.stringMatching(/resnet-option-b.onnx .* of the largest output/) as string,
    });
    await expect(itself('rectangular', (output) => (output[0] = NaN))).rejects.toThrow(
      /onnxruntime/,
    );
  });

  it('says why nothing was checked', async () => {
    const { ann, probe } = await network('mlp');
    const check = (load: () => Promise<unknown>, given = probe) =>
      checkAgainstFile(ann, given, runtime, testStream('probe'), load);
    const missing = () => Promise.reject(new Error('Cannot find package'));
    expect(await check(missing)).toMatchObject({
      checked: false,
      reason: expect.stringMatching(/npm install onnxruntime-node/) as string,
    });
    const fails = evaluator(probe.outputName, () => {
      throw new Error('no kernel for this');
    });
    expect(await check(fails)).toMatchObject({
      checked: false,
      reason: expect.stringMatching(/no kernel for this/) as string,
    });
    expect(await check(fails, { ...probe, floats: false })).toMatchObject({ checked: false });
  });
});
