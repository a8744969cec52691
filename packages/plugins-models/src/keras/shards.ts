import { dirname, join } from 'node:path';

import { UserError } from '@privatesnn/core';
import { z } from 'zod';

import { halfToNumber } from '../half.js';
import { readModelFile } from '../model-file.js';
import { keysOf, type StoredWeights } from './weights.js';

const quantization = z.discriminatedUnion('dtype', [
  z.object({ dtype: z.literal('float16') }),
  z.object({ dtype: z.literal('uint8'), scale: z.number(), min: z.number() }),
  z.object({ dtype: z.literal('uint16'), scale: z.number(), min: z.number() }),
]);
const entrySchema = z.object({
  name: z.string(),
  shape: z.array(z.int().min(0)),
  dtype: z.string(),
  quantization: quantization.optional(),
  /** Weights of the optimizer are marked so. */
  group: z.string().optional(),
});
type Entry = z.output<typeof entrySchema>;

/** The weights manifest of a model.json: groups of shard files, and what lies in each group, in order. */
export const manifestSchema = z.array(
  z.object({
    paths: z.array(
      z
        .string()
        .refine(
          (path) => !/^([/\\]|[a-z]+:)|(^|[/\\])\.\.([/\\]|$)/i.test(path),
          'a weights file must lie in the model’s folder',
        ),
    ),
    weights: z.array(entrySchema),
  }),
);
export type Manifest = z.output<typeof manifestSchema>;

/** How a stored value becomes a number. */
type Decoder = (bytes: Buffer, at: number) => number;

/** Bytes of a value of each type that tfjs stores, but texts. */
const widths: ReadonlyMap<string, number> = new Map([
  ['float32', 4],
  ['float16', 2],
  ['uint16', 2],
  ['uint8', 1],
  ['bool', 1],
  ['int32', 4],
  ['complex64', 8],
]);

/** Paths of the shard files. */
export function shardFiles(topology: string, manifest: Manifest): string[] {
  return manifest.flatMap(({ paths }) => paths.map((path) => join(dirname(topology), path)));
}

/**
 * Reads the shards; weights are decoded when they are asked for.
 *
 * @throws UserError where shards and manifest do not fit, or a name stands twice
 */
export async function readShards(topology: string, manifest: Manifest): Promise<StoredWeights> {
  const weights = new Map<string, { readonly entry: Entry; readonly bytes: Buffer }>();
  for (const group of manifest) {
    const shards = await Promise.all(shardFiles(topology, [group]).map(readModelFile));
    const bytes = Buffer.concat(shards);
    const files = group.paths.join(', ') || 'no file';
    let at = 0;
    for (const entry of group.weights) {
      if (weights.has(entry.name)) {
        throw corrupt(topology, `its manifest lists the weight "${entry.name}" twice`);
      }
      const size = sizeOf(entry, bytes, at);
      if (size === undefined) {
        throw corrupt(
          topology,
          `the weight "${entry.name}" has the unknown type ${storedAs(entry)}`,
        );
      }
      if (at + size > bytes.length) {
        throw new UserError(
          'data',
          'MODEL_FILE_CORRUPT',
          `${files} should hold at least ${at + size} bytes for "${entry.name}", but hold ${bytes.length}.`,
          { hint: 'A shard is truncated; fetch it again.', place: { file: topology } },
        );
      }
      weights.set(entry.name, { entry, bytes: bytes.subarray(at, at + size) });
      at += size;
    }
    if (at !== bytes.length) {
      throw corrupt(
        topology,
        `its manifest tells of ${at} bytes in ${files}, but ${bytes.length} are there`,
      );
    }
  }
  const keys = [...weights.keys()];
  return {
    keys,
    // "kernel" of "conv2d" is "conv2d/kernel", maybe behind the names of models.
    find: ({ path }, { names }) => names.flatMap((variable) => keysOf(keys, path, variable)),
    shapeOf: (key) => weights.get(key)!.entry.shape,
    read(key) {
      const { entry, bytes } = weights.get(key)!;
      return decode(bytes, entry, topology);
    },
    isOfTraining: (key) =>
      weights.get(key)!.entry.group === 'optimizer' || key.includes('seed_generator'),
  };
}

function storedAs({ dtype, quantization: stored }: Entry): string {
  return stored?.dtype ?? dtype;
}

/** Bytes that a weight takes; undefined for types that are not known. */
function sizeOf(entry: Entry, bytes: Buffer, from: number): number | undefined {
  const count = entry.shape.reduce((product, n) => product * n, 1);
  const width = widths.get(storedAs(entry));
  if (width !== undefined) return count * width;
  if (storedAs(entry) !== 'string') return undefined;
  // Texts: each has its length, in 4 bytes, before it.
  let at = from;
  for (let i = 0; i < count && at + 4 <= bytes.length; i++) at += 4 + bytes.readUInt32LE(at);
  return at - from;
}

/** Numbers of a weight, with tfjs's quantization undone. */
function decode(bytes: Buffer, entry: Entry, topology: string): Float32Array {
  const decoder = decoderOf(entry);
  if (!decoder) {
    throw new UserError(
      'data',
      'TENSOR_TYPE',
      `The weight "${entry.name}" of ${topology} has the type ${entry.dtype}; float32 was expected.`,
      { hint: 'Save the model again with 32-bit floats.', place: { file: topology } },
    );
  }
  const width = widths.get(storedAs(entry))!;
  const data = new Float32Array(bytes.length / width);
  for (let i = 0; i < data.length; i++) data[i] = decoder(bytes, i * width);
  return data;
}

function decoderOf({ dtype, quantization: stored }: Entry): Decoder | undefined {
  if (dtype !== 'float32' && dtype !== 'float16') return undefined;
  switch (stored?.dtype) {
    case undefined:
      return dtype === 'float16' ? half : (bytes, at) => bytes.readFloatLE(at);
    case 'float16':
      return half;
    case 'uint8':
      return (bytes, at) => bytes[at]! * stored.scale + stored.min;
    case 'uint16':
      return (bytes, at) => bytes.readUInt16LE(at) * stored.scale + stored.min;
  }
}

const half: Decoder = (bytes, at) => halfToNumber(bytes.readUInt16LE(at));

function corrupt(topology: string, what: string): UserError {
  return new UserError(
    'data',
    'MODEL_FILE_CORRUPT',
    `${topology} contradicts its weights: ${what}.`,
    {
      hint: 'Take model.json and the weights files of one save; save the model again.',
      place: { file: topology },
    },
  );
}
