import { z } from 'zod';

import { outputChannels, weightedLayers } from '../network.js';
import { activationSchema } from './activation.js';
import { architectureSchema } from './architecture.js';
import type { Immutable } from './immutable.js';
import { misfits, parametersSchema, type Misfit } from './parameters.js';
import { float32Array, name, pixelRange } from './values.js';

const channelStatistics = z.strictObject({
  /** [channels] */
  mean: float32Array,
  /** [channels], ≥ 0 */
  variance: float32Array,
});

export const annSchema = z
  .strictObject({
    type: z.literal('ann'),
    architecture: architectureSchema,
    parameters: parametersSchema,
    /** The pixel range that the network was trained on. */
    inputRange: pixelRange,
    /** The non-linearity of every layer that has one; ReLU where it is left out. */
    activation: activationSchema.optional(),
    /** [classes] */
    classNames: z.array(name),
    /**
     * What batch normalisation knows of the training data: by layer name, for the layers that had it before it was
     * folded. Left out by networks without it.
     */
    statistics: z.record(name, channelStatistics).optional(),
  })
  .superRefine((ann, context) => {
    for (const misfit of [...misfits(ann), ...wrongStatistics(ann)]) {
      context.addIssue({ code: 'custom', ...misfit });
    }
  });

/** A conventional network. */
export interface Ann extends Immutable<z.output<typeof annSchema>> {}

/** Mean and variance over the training data of a weighted layer's output before its ReLU. */
export interface ChannelStatistics extends Immutable<z.output<typeof channelStatistics>> {}

function* wrongStatistics({
  architecture,
  statistics = {},
}: Pick<Ann, 'architecture' | 'statistics'>): Generator<Misfit> {
  const layers = new Map(weightedLayers(architecture).map((layer) => [layer.name, layer]));
  for (const [key, { mean, variance }] of Object.entries(statistics)) {
    const layer = layers.get(key);
    const channels = layer && outputChannels(layer);
    if (mean.length !== channels || variance.length !== channels) {
      const message = layer
        ? `Expected ${channels} of each, received ${mean.length} and ${variance.length}`
        : 'The architecture has no such layer with weights';
      yield { path: ['statistics', key], message };
    }
  }
}
