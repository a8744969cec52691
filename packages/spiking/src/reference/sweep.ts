import { layerShapes, spikingLayers } from '@privatesnn/core';

import { checkInference } from '../checks.js';
import { encode } from '../encoder.js';
import type { SweepRequest } from '../engine.js';
import { forEachImage } from './batch.js';
import { simulationOf } from './inference.js';
import { operationsOf } from './network.js';

/** The sweep as it is defined: the network up to a layer anew for each try of it. */
export async function sweepLayers(request: SweepRequest): Promise<void> {
  const { images, timeSteps } = checkInference(request);
  const { atLayer, onProgress, seed, ...batch } = request;
  let { snn } = batch;
  const { architecture, encoder } = snn;
  const shapes = layerShapes(architecture);
  const layers = spikingLayers(architecture);
  for (const [done, layer] of layers.entries()) {
    const place = architecture.layers.indexOf(layer);
    const [height, width, channels] = shapes[place]!;
    await atLayer(layer.name, async (tried) => {
      snn = { ...snn, ...tried };
      const operations = operationsOf(architecture, snn.parameters, snn.gains).slice(0, place + 1);
      const simulate = simulationOf(snn);
      const spikes = new Float64Array(channels);
      await forEachImage(batch, images, (pixels, _, image) => {
        const input = encode(encoder.kind, pixels, { seed, image, timeSteps });
        const run = simulate(snn, operations, input, [timeSteps]);
        for (const step of run.spikes.get(layer.name)!) {
          step.forEach((spike, i) => (spikes[i % channels]! += spike));
        }
      });
      return spikes.map((sum) => sum / (images * timeSteps * height * width));
    });
    onProgress?.(Math.floor(((done + 1) * images) / layers.length), images);
  }
}
