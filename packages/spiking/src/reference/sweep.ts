import { layerShapes, spikingLayers, type Snn } from '@privatesnn/core';

import { checkInference } from '../checks.js';
import type { SweepRequest } from '../engine.js';
import { infer } from './inference.js';

/** The sweep as it is defined: the whole network anew for each try of a layer. */
export async function sweepLayers(request: SweepRequest): Promise<void> {
  const { images } = checkInference(request);
  const { atLayer, onProgress, ...batch } = request;
  let { snn } = batch;
  const layers = spikingLayers(snn.architecture);
  for (const [done, { name }] of layers.entries()) {
    await atLayer(name, async (parameters = snn.parameters) => {
      snn = { ...snn, parameters };
      const { raster } = await infer({ ...batch, snn, raster: [name] });
      return channelRates(snn, name, raster[name]!);
    });
    onProgress?.(Math.floor(((done + 1) * images) / layers.length), images);
  }
}

/** Spikes a time-step and neuron of each channel, from a byte a step and neuron. */
function channelRates({ architecture }: Snn, name: string, raster: Uint8Array): Float64Array {
  const place = architecture.layers.findIndex((layer) => layer.name === name);
  const [, , channels] = layerShapes(architecture)[place]!;
  const spikes = new Float64Array(channels);
  raster.forEach((spike, i) => (spikes[i % channels]! += spike));
  return spikes.map((sum) => (sum * channels) / raster.length);
}
