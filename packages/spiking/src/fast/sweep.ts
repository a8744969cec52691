import type { Parameters } from '@privatesnn/core';

import type { CheckedBatch } from '../checks.js';
import type { SweepRequest } from '../engine.js';
import { everyThread, type Crew } from './engine.js';
import { thresholdsOf } from './infer.js';
import type { NetworkSpec } from './network/network-spec.js';
import { layerParameters, shared, sharedParameters } from './parameters.js';
import { planOf, type PlannedLayer } from './plan.js';

/** A network layer by layer: every thread keeps its images' spikes until nobody takes them any more. */
export async function sweep(
  request: SweepRequest,
  { images, timeSteps }: CheckedBatch,
  crew: Crew,
): Promise<void> {
  const { snn } = request;
  const thresholds = thresholdsOf(snn);
  await startSweep(request, images, crew, {
    plan: planOf(snn.architecture),
    parameters: [],
    thresholds,
    neuron: snn.neuron,
    encoder: snn.encoder.kind,
    timeSteps,
    seed: request.seed,
    dropout: false,
  });
  const layers = planOf(snn.architecture).layers.filter(({ last }) => !last);
  let parameters: Parameters = snn.parameters;
  /** Linear layers behind the layer before, which are loaded with the next one. */
  let linear: PlannedLayer[] = [];
  for (const [layer, planned] of layers.entries()) {
    if (planned.linear) {
      linear.push(planned);
      continue;
    }
    const loaded = [...linear, planned];
    linear = [];
    const { height, width, channels } = planned.output;
    let isLoaded = false;
    const rates = async (given: Parameters = parameters): Promise<Float64Array> => {
      parameters = given;
      const inRates = { ...snn, parameters };
      if (isLoaded) await everyThread(crew, () => ({ task: 'drop', layers: loaded.length }));
      isLoaded = true;
      for (const one of loaded) {
        const packed = sharedParameters(layerParameters(one, snn.architecture, inRates));
        await everyThread(crew, () => ({ task: 'next', parameters: packed }));
      }
      await everyThread(crew, () => ({ task: 'spike', layer, threshold: thresholds[layer] }));
      const parts = await everyThread<Float64Array>(crew, () => ({ task: 'channels', layer }));
      const spikes = (c: number): number => parts.reduce((sum, part) => sum + part[c]!, 0);
      const neurons = images * height * width;
      return Float64Array.from({ length: channels }, (_, c) => spikes(c) / (timeSteps * neurons));
    };
    await request.atLayer(planned.name, rates);
    if (!isLoaded) await rates();
    request.onProgress?.(Math.floor(((layer + 1) * images) / layers.length), images);
  }
}

/** Gives each thread the network, without layers yet, and its part of the images. */
export async function startSweep(
  { pixels, firstImage = 0 }: Pick<SweepRequest, 'pixels' | 'firstImage'>,
  images: number,
  crew: Crew,
  spec: NetworkSpec,
): Promise<void> {
  const all = shared(pixels);
  const part = (thread: number): number => Math.floor((thread * images) / crew.threads);
  await everyThread(crew, (thread) => ({
    task: 'sweep',
    spec,
    images: { pixels: all, start: part(thread), end: part(thread + 1), firstImage },
  }));
}
