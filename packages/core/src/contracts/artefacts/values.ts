import { z } from 'zod';

/** A name: of a layer, a class, a number. No longer than a file's name may be. */
export const name = z.string().max(255);

/** A size or a count of at least one. */
export const size = z.int().min(1);

/** The smallest and the largest value that a pixel may have. */
export const pixelRange = z
  .tuple([z.number(), z.number()])
  .refine(([low, high]) => low < high, 'Expected the smaller value first');

/** The smallest and the largest value that a pixel may have. */
export type PixelRange = readonly [low: number, high: number];

export const float32Array = typedArray<Float32Array>(Float32Array);
export const int32Array = typedArray<Int32Array>(Int32Array);
export const uint8Array = typedArray<Uint8Array>(Uint8Array);

/** A typed array of exactly this type; that it is a plain one is checked once for the whole artefact (plain.ts). */
function typedArray<T extends object>(type: { readonly name: string; readonly prototype: T }) {
  return z.custom<T>(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      Object.getPrototypeOf(value) === type.prototype,
    `Expected a ${type.name}`,
  );
}
