import { z } from 'zod';

import type { Immutable } from './immutable.js';
import { name, size } from './values.js';

/*
 * The layers of a feed-forward classifier, shared by an ANN and the spiking network made from it.
 *
 * Tensors are channels-last: images [height, width, channels], convolution weights
 * [kernel, kernel, inChannels, outChannels], dense weights [inputs, outputs]. Every weighted layer but the
 * last is followed by its non-linearity: ReLU (or another activation) in an ANN, spiking neurons in an SNN. The last weighted layer
 * gives the logits (ANN) or the integrated membrane potentials (SNN, no leak, no spike).
 */

const convLayer = z.strictObject({
  kind: z.literal('conv'),
  /** Unique in its network; names the parameters `<name>.weight` and `<name>.bias`. */
  name: name.min(1),
  inChannels: size,
  outChannels: size,
  kernel: size,
  stride: size,
  padding: z.int().min(0),
  bias: z.boolean(),
});

const denseLayer = z.strictObject({
  kind: z.literal('dense'),
  /** Unique in its network; names the parameters `<name>.weight` and `<name>.bias`. */
  name: name.min(1),
  inputs: size,
  outputs: size,
  bias: z.boolean(),
});

const poolLayer = z.strictObject({ kind: z.enum(['average-pool', 'max-pool']), size });

const flattenLayer = z.strictObject({ kind: z.literal('flatten') });

const dropoutLayer = z.strictObject({
  kind: z.literal('dropout'),
  /** In [0, 1). */
  rate: z.number().min(0).lt(1),
});

const layer = z.discriminatedUnion('kind', [
  convLayer,
  denseLayer,
  poolLayer,
  flattenLayer,
  dropoutLayer,
]);

export const architectureSchema = z.strictObject({
  /** For people: "VGG16". */
  name,
  /** [height, width, channels] of the input. */
  inputShape: z.tuple([size, size, size]),
  /** The outputs of the last weighted layer. */
  classes: size,
  layers: z.array(layer).min(1),
});

/** A square convolution, padded by zeros. */
export interface ConvLayer extends Immutable<z.output<typeof convLayer>> {}
/** A fully connected layer over a flat input. */
export interface DenseLayer extends Immutable<z.output<typeof denseLayer>> {}
/** Pooling over `size` × `size` windows that do not overlap (stride = size). */
export interface PoolLayer extends Immutable<z.output<typeof poolLayer>> {}
/** [height, width, channels] → [height · width · channels], channels fastest. */
export interface FlattenLayer extends Immutable<z.output<typeof flattenLayer>> {}
/** Drops units with probability `rate` while training; the identity otherwise. */
export interface DropoutLayer extends Immutable<z.output<typeof dropoutLayer>> {}

export type Layer = ConvLayer | DenseLayer | PoolLayer | FlattenLayer | DropoutLayer;
export type WeightedLayer = ConvLayer | DenseLayer;

/** A network without its parameters. */
export interface Architecture extends Immutable<z.output<typeof architectureSchema>> {}
