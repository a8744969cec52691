import { spikingLayers, UserError, type Ann, type Images } from '@privatesnn/core';
import { countSizes, emptyHistogram, type SizeHistogram } from '@privatesnn/spiking';

import { visitActivations, type PassOptions } from './activations.js';
import type { TensorRuntime } from './runtime.js';

/** The activations of each layer that is to spike, by size. */
export type Sizes = Readonly<Record<string, SizeHistogram>>;

/** @throws UserError where a layer of the ANN that is to spike gives nothing above 0 on the images */
export async function activationSizes(
  runtime: TensorRuntime,
  ann: Ann,
  images: Images,
  pass: PassOptions,
): Promise<Sizes> {
  const sizes = Object.fromEntries(
    spikingLayers(ann.architecture).map(({ name }) => [name, emptyHistogram()]),
  );
  await visitActivations(runtime, ann, images, pass, (layer, values) => {
    const histogram = sizes[layer];
    if (histogram) countSizes(histogram, values);
  });
  for (const [name, { largest }] of Object.entries(sizes)) {
    if (largest > 0) continue;
    throw new UserError(
      'run',
      'SILENT_LAYER',
      `Layer "${name}" of the ANN gives nothing above 0 on ${images.shape[0]} calibration images, so it has ` +
        'no threshold.',
      { hint: 'Use other calibration images, or check the network.' },
    );
  }
  return sizes;
}
