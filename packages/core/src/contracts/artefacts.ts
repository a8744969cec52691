import type { z } from 'zod';

import { annSchema } from './artefacts/ann.js';
import { imagesSchema } from './artefacts/images.js';
import type { Immutable } from './artefacts/immutable.js';
import { picturesSchema, scalarsSchema, seriesSchema } from './artefacts/reports.js';
import { snnSchema } from './artefacts/snn.js';

/**
 * What flows between stages: plain data, no classes, no tensors. An artefact is written to the cache as it is
 * (see cache/codec.ts); two artefacts with the same content have the same digest. These schemas say all that an
 * artefact may hold, at any depth; the types follow from them.
 */
export const artefactSchemas = {
  images: imagesSchema,
  ann: annSchema,
  snn: snnSchema,
  scalars: scalarsSchema,
  series: seriesSchema,
  pictures: picturesSchema,
};

type Schemas = typeof artefactSchemas;
export type ArtefactType = keyof Schemas;
export type Artefact = { [T in ArtefactType]: Immutable<z.output<Schemas[T]>> }[ArtefactType];
export type ArtefactOf<T extends ArtefactType> = Extract<Artefact, { type: T }>;

export const artefactTypes = Object.keys(artefactSchemas) as readonly ArtefactType[];

export { activationSchema, type AdaptiveActivation } from './artefacts/activation.js';
export type { Ann, ChannelStatistics } from './artefacts/ann.js';
export { architectureSchema } from './artefacts/architecture.js';
export type * from './artefacts/architecture.js';
export type { Images } from './artefacts/images.js';
export { wrongInitialPotentials } from './artefacts/initial-potentials.js';
export { conservesCharge } from './artefacts/neuron.js';
export type { AdaptiveNeuron, IntegrateAndFire, NeuronModel } from './artefacts/neuron.js';
export type { Parameter, Parameters } from './artefacts/parameters.js';
export type { Pictures, Scalars, Series } from './artefacts/reports.js';
export type { Encoder, Readout, Snn } from './artefacts/snn.js';
export type { PixelRange } from './artefacts/values.js';
