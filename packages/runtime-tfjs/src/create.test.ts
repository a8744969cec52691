import { spawnSync } from 'node:child_process';

import { afterEach, describe, expect, test, vi } from 'vitest';

import type { Ann, Images } from '@privatesnn/core';

import { embeddedIdentity } from './embedded/backend.js';
import { annLogits, createTensorRuntime, findTensorFlow, tensorRuntimeService } from './index.js';

afterEach(() => vi.unstubAllEnvs());

describe('createTensorRuntime', () => {
  test('gives the embedded engine when asked, with gradients', async () => {
    const { id, description, tf } = await createTensorRuntime({ prefer: 'embedded' });
    expect(id).toBe('embedded');
    expect(description).toMatch(/^embedded engine \((native, \w+|WebAssembly), \d+ threads?\)$/);
    expect(tf.getBackend()).toBe('privatesnn');
    const gradient = tf.grad((x) => tf.sum(tf.square(x)))(tf.tensor1d([3]));
    expect(Array.from(gradient.dataSync())).toEqual([6]);
  });

  test('names the kernels that are asked for', () => {
    expect(embeddedIdentity('wasm')).toMatch(/^embedded-wasm-simd128-[0-9a-f]{12}$/);
  });

  test('obeys PRIVATESNN_TENSORS, and refuses what it does not know', async () => {
    vi.stubEnv('PRIVATESNN_TENSORS', 'embedded');
    expect((await createTensorRuntime()).id).toBe('embedded');
    expect(await tensorRuntimeService.identity()).toMatch(
      /^embedded-(native|wasm)-\w+-[0-9a-f]{12}$/,
    );
    vi.stubEnv('PRIVATESNN_TENSORS', 'pytorch');
    const error = { code: 'TENSORS_NAME', errorClass: 'configuration' };
    await expect(createTensorRuntime()).rejects.toMatchObject(error);
    expect(tensorRuntimeService.check).toThrow(expect.objectContaining(error));
  });

  test('takes TensorFlow where it is asked for, or says what to do where it is missing', async () => {
    const found = findTensorFlow();
    if (found.present) {
      const { id, tf } = await createTensorRuntime({ prefer: 'tensorflow' });
      expect([id, tf.getBackend()]).toEqual(['tensorflow', 'tensorflow']);
      vi.stubEnv('PRIVATESNN_TENSORS', 'tensorflow');
      expect(await tensorRuntimeService.identity()).toBe(`tensorflow-${found.version}`);
    } else {
      await expect(createTensorRuntime({ prefer: 'tensorflow' })).rejects.toThrow(/asked for/);
    }
  });
});

test("TensorFlow's own log does not reach the terminal", () => {
  if (!findTensorFlow().present) return;
  const script = `
    const { createTensorRuntime } = await import(${JSON.stringify(import.meta.resolve('./index.ts'))});
    const { tf } = await createTensorRuntime({ prefer: 'tensorflow' });
    const sum = tf.sum(tf.conv2d(tf.ones([1, 4, 4, 1]), tf.ones([3, 3, 1, 1]), 1, 'valid'));
    process.stdout.write(String(sum.dataSync()[0]));`;
  const loader = import.meta.resolve('../../core/src/testing/typescript-loader.js');
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['-C', '@privatesnn/source', '--import', loader, '--input-type=module', '-e', script],
    { encoding: 'utf8' },
  );
  expect({ stdout, stderr }).toEqual({ stdout: '36', stderr: '' });
});

test('annLogits leaves no tensor behind, finished or aborted', async () => {
  const runtime = await createTensorRuntime({ prefer: 'embedded' });
  const classNames = ['a', 'b'];
  const ann: Ann = {
    type: 'ann',
    architecture: {
      name: 'small',
      inputShape: [4, 4, 1],
      classes: 2,
      layers: [
        {
          ...{ kind: 'conv', name: 'conv1', inChannels: 1, outChannels: 3 },
          ...{ kernel: 3, stride: 1, padding: 1, bias: true },
        },
        { kind: 'average-pool', size: 2 },
        { kind: 'flatten' },
        { kind: 'dense', name: 'fc1', inputs: 12, outputs: 2, bias: false },
      ],
    },
    parameters: {
      'conv1.weight': { shape: [3, 3, 1, 3], data: new Float32Array(27).fill(0.1) },
      'conv1.bias': { shape: [3], data: new Float32Array(3) },
      'fc1.weight': { shape: [12, 2], data: new Float32Array(24).fill(0.5) },
    },
    inputRange: [0, 1],
    classNames,
  };
  const images: Images = {
    type: 'images',
    shape: [5, 4, 4, 1],
    pixels: new Uint8Array(80).fill(255),
    range: [0, 255],
    labels: new Int32Array(5),
    classNames,
    origin: 'synthetic',
  };
  const before = runtime.tf.memory().numTensors;
  const logits = await annLogits(runtime, ann, images, { batchSize: 2 });
  // The sums of a 3 × 3 window of ones, averaged over the image: (4 · 4 + 8 · 6 + 4 · 9) / 16 = 6.25.
  for (const logit of logits) expect(logit).toBeCloseTo(12 * 0.5 * 0.625, 5);
  expect(runtime.tf.memory().numTensors).toBe(before);
  const signal = AbortSignal.abort();
  await expect(annLogits(runtime, ann, images, { signal })).rejects.toThrow();
  expect(runtime.tf.memory().numTensors).toBe(before);
});
