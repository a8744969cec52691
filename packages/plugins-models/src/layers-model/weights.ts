import { dirname, join } from 'node:path';

import { suggestion, UserError, type Parameter } from '@privatesnn/core';
import { z } from 'zod';

import { halfToNumber } from '../half.js';
import { readModelFile } from '../read-model.js';

const quantization = z.union([
  z.object({ dtype: z.literal('float16') }),
  z.object({ dtype: z.enum(['uint8', 'uint16']), scale: z.number(), min: z.number() }),
]);

/** The weights manifest of a model.json: groups of shard files, and what lies in each group, in order. */
export const manifestSchema = z.array(
  z.object({
    paths: z.array(z.string()),
    weights: z.array(
      z.object({
        name: z.string(),
        shape: z.array(z.int().min(0)),
        dtype: z.string(),
        quantization: quantization.optional(),
      }),
    ),
  }),
);
export type Manifest = z.output<typeof manifestSchema>;

/** Paths of the shard files. */
export function shardFiles(topology: string, manifest: Manifest): string[] {
  return manifest.flatMap(({ paths }) => paths.map((path) => join(dirname(topology), path)));
}

/** All weights of a model by name, such as "conv2d/kernel". */
export async function readWeights(
  topology: string,
  manifest: Manifest,
): Promise<ReadonlyMap<string, Parameter>> {
  const weights = new Map<string, Parameter>();
  for (const group of manifest) {
    const shards = await Promise.all(shardFiles(topology, [group]).map(readModelFile));
    const bytes = Buffer.concat(shards);
    let at = 0;
    for (const entry of group.weights) {
      const stored = entry.quantization?.dtype ?? entry.dtype;
      const width = { float32: 4, float16: 2, uint16: 2, uint8: 1 }[stored];
      if (width === undefined) {
        throw new UserError(
          'data',
          'TENSOR_TYPE',
          `The weight "${entry.name}" of ${topology} has the type ${stored}; float32 was expected.`,
          { hint: 'Save the model again with 32-bit floats.', place: { file: topology } },
        );
      }
      const count = entry.shape.reduce((product, n) => product * n, 1);
      if (at + count * width > bytes.length) {
        throw new UserError(
          'data',
          'MODEL_FILE_CORRUPT',
          `${group.paths.join(', ')} should hold at least ${at + count * width} bytes for "${entry.name}", but hold ${bytes.length}.`,
          { hint: 'A shard is truncated; fetch it again.', place: { file: topology } },
        );
      }
      const part = bytes.subarray(at, at + count * width);
      weights.set(entry.name, { shape: entry.shape, data: decode(part, count, entry) });
      at += count * width;
    }
  }
  return weights;
}

/** The weight of a layer: "kernel" of "conv2d" is "conv2d/kernel", maybe behind the model's own name. */
export function layerWeight(
  weights: ReadonlyMap<string, Parameter>,
  layer: string,
  name: string,
  topology: string,
): Parameter {
  const wanted = `${layer}/${name}`;
  const found = [...weights.keys()].filter((key) => key === wanted || key.endsWith(`/${wanted}`));
  if (found.length === 1) return weights.get(found[0]!)!;
  throw new UserError(
    'data',
    'TENSOR_MISSING',
    `${topology} has ${found.length === 0 ? 'no weight' : 'more than one weight'} "${wanted}".`,
    { hint: suggestion(wanted, weights.keys(), 'weights'), place: { file: topology } },
  );
}

function decode(bytes: Buffer, count: number, entry: Manifest[number]['weights'][number]) {
  const data = new Float32Array(count);
  const stored = entry.quantization;
  for (let i = 0; i < count; i++) {
    if (!stored) data[i] = bytes.readFloatLE(4 * i);
    else if (stored.dtype === 'float16') data[i] = halfToNumber(bytes.readUInt16LE(2 * i));
    else {
      const q = stored.dtype === 'uint8' ? bytes[i]! : bytes.readUInt16LE(2 * i);
      data[i] = q * stored.scale + stored.min;
    }
  }
  return data;
}
