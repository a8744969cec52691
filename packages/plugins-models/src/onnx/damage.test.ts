import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { UserError } from '@privatesnn/core';

import { readOnnx } from './read.js';

const networks = join(import.meta.dirname, 'testing', 'networks');
let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'privatesnn-onnx-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

/** What reading gives: an error of the user's, or a network. Anything else fails the test. */
async function read(bytes: Uint8Array): Promise<UserError | undefined> {
  const file = join(folder, 'net.onnx');
  await writeFile(file, bytes);
  try {
    await readOnnx(file, { inputRange: [0, 1] });
    return undefined;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    expect(error.message).toContain(file);
    expect(error.hint ?? '').not.toBe('');
    return error;
  }
}

const names = ['mobilenet-v2', 'resnet-option-a', 'average-counting-ceil', 'view'] as const;

describe('a damaged file', () => {
  it.each(names)('%s, cut anywhere, is refused', async (name) => {
    const bytes = await readFile(join(networks, `${name}.onnx`));
    for (let i = 0; i < 60; i++) {
      const length = Math.floor((i * (bytes.length - 1)) / 60);
      expect(await read(bytes.subarray(0, length))).toBeInstanceOf(UserError);
    }
  });

  it.each(names)('%s with other bytes is read or refused with a reason', async (name) => {
    const bytes = await readFile(join(networks, `${name}.onnx`));
    const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        const damaged = Uint8Array.from(bytes);
        for (const [at, value] of changes) damaged[at] = value;
        await read(damaged);
      }),
      { numRuns: 150 },
    );
  });
});
