import { z } from 'zod';

import type { Immutable } from './immutable.js';
import { name, size } from './values.js';

/*
 * The layers of a feed-forward classifier, shared by an ANN and the spiking network made from it: a directed acyclic
 * graph with one image input and one output, as a list in topological order. A layer takes the outputs of the layers that
 * its `from` names, "input" for the image; left out, of the layer just before it in the list. The last layer of the list
 * gives the network's output.
 *
 * Tensors are channels-last: images [height, width, channels], convolution weights
 * [kernel height, kernel width, inChannels / groups, outChannels], dense weights [inputs, outputs].
 *
 * Convolutions, dense layers and adds are followed by their non-linearity: ReLU (or another activation) in an ANN,
 * spiking neurons in an SNN; but for those that are `linear`, whose output is a current, and the last one of them in
 * the list, which gives the logits (ANN) or the integrated membrane potentials (SNN, no leak, no spike).
 */

/** Both [height, width], or one number for both. */
const sides = z.union([size, z.tuple([size, size])]);
const border = z.int().min(0);
/** Zero pixels: [top, bottom, left, right], or one number for all. */
const padding = z.union([border, z.tuple([border, border, border, border])]);

const common = {
  /** Unique in its network, and not "input". */
  name: name.min(1).optional(),
  /** Names of earlier layers, or "input", whose outputs it takes. */
  from: z.array(name.min(1)).min(1).optional(),
};

const named = { ...common, name: name.min(1) };

const neurons = {
  /** Whether no non-linearity follows; false when left out. */
  linear: z.boolean().optional(),
  /** Where the ReLU is clipped: 6 for ReLU6; nowhere when left out. */
  maximum: z.number().positive().optional(),
};

const convLayer = z.strictObject({
  kind: z.literal('conv'),
  /** Names the parameters `<name>.weight` and `<name>.bias` too. */
  ...named,
  ...neurons,
  inChannels: size,
  outChannels: size,
  kernel: sides,
  stride: sides,
  /** Pixels from one tap of the kernel to the next; 1 when left out. */
  dilation: sides.optional(),
  padding,
  /** Equal parts of the channels, each from its own part alone: as many as channels if depthwise; 1 when left out. */
  groups: size.optional(),
  bias: z.boolean(),
});

const denseLayer = z.strictObject({
  kind: z.literal('dense'),
  /** Names the parameters `<name>.weight` and `<name>.bias` too. */
  ...named,
  ...neurons,
  /** Numbers, of one pixel or of all. */
  inputs: size,
  outputs: size,
  bias: z.boolean(),
});

const addLayer = z.strictObject({
  kind: z.literal('add'),
  /** Two layers or more, of one shape. */
  ...named,
  ...neurons,
});

const concatLayer = z.strictObject({
  kind: z.literal('concat'),
  /** Two layers or more, of the same height and width: their channels one after the other. */
  ...named,
});

const window = {
  /** Of a window. */
  size: sides,
  /** From one window to the next; `size` when left out. */
  stride: sides.optional(),
  /** 0 when left out. No window may lie wholly in the padding. */
  padding: padding.optional(),
};

const averagePoolLayer = z.strictObject({
  kind: z.literal('average-pool'),
  ...common,
  ...window,
  /** Whether the pixels of the padding are counted, as zeros; true when left out. */
  countPadded: z.boolean().optional(),
});

const maxPoolLayer = z.strictObject({
  kind: z.literal('max-pool'),
  ...common,
  ...window,
  /**
   * Whether, of spikes, it passes those alone of the unit of a window that has spiked most so far, which is known after
   * some time-steps (Rueckauer 2017). Else it passes the largest number of each time-step: any spike. False when left
   * out; no difference to an ANN.
   */
  gated: z.boolean().optional(),
});

const shortcutLayer = z.strictObject({
  kind: z.literal('shortcut'),
  ...common,
  /** Takes every so many-th row and column, from the first on. */
  stride: size,
  /** Channels of zeros in front of the input's. */
  before: z.int().min(0),
  /** Channels of zeros behind the input's. */
  after: z.int().min(0),
});

const flattenLayer = z.strictObject({ kind: z.literal('flatten'), ...common });

const dropoutLayer = z.strictObject({
  kind: z.literal('dropout'),
  ...common,
  /** In [0, 1). */
  rate: z.number().min(0).lt(1),
});

const layer = z.discriminatedUnion('kind', [
  convLayer,
  denseLayer,
  addLayer,
  concatLayer,
  averagePoolLayer,
  maxPoolLayer,
  shortcutLayer,
  flattenLayer,
  dropoutLayer,
]);

export const architectureSchema = z.strictObject({
  /** For people: "VGG16". */
  name,
  /** [height, width, channels] of the input. */
  inputShape: z.tuple([size, size, size]),
  /** The size of the output. */
  classes: size,
  layers: z.array(layer).min(1),
});

/** A convolution, padded by zeros. */
export interface ConvLayer extends Immutable<z.output<typeof convLayer>> {}
/** A fully connected layer over a flat input. */
export interface DenseLayer extends Immutable<z.output<typeof denseLayer>> {}
/** A sum, as of a residual block: its neurons take all that come in. */
export interface AddLayer extends Immutable<z.output<typeof addLayer>> {}
/** Channels side by side. */
export interface ConcatLayer extends Immutable<z.output<typeof concatLayer>> {}
/** Average pooling. */
export interface AveragePoolLayer extends Immutable<z.output<typeof averagePoolLayer>> {}
/** Max-pooling: pixels of the padding never are the largest. */
export interface MaxPoolLayer extends Immutable<z.output<typeof maxPoolLayer>> {}
/** A residual block's way past its convolutions, without weights (He 2016, option A). */
export interface ShortcutLayer extends Immutable<z.output<typeof shortcutLayer>> {}
/** [height, width, channels] → [height · width · channels], channels fastest. */
export interface FlattenLayer extends Immutable<z.output<typeof flattenLayer>> {}
/** Drops units with probability `rate` while training; the identity otherwise. */
export interface DropoutLayer extends Immutable<z.output<typeof dropoutLayer>> {}

export type PoolLayer = AveragePoolLayer | MaxPoolLayer;
export type WeightedLayer = ConvLayer | DenseLayer;
/** The layers that a non-linearity may follow. */
export type SummingLayer = WeightedLayer | AddLayer;
export type Layer =
  SummingLayer | ConcatLayer | PoolLayer | ShortcutLayer | FlattenLayer | DropoutLayer;

/** A network without its parameters. */
export interface Architecture extends Immutable<z.output<typeof architectureSchema>> {}
