import type { CheckedBatch } from '../checks.js';
import type { SweepRequest, TriedLayer } from '../engine.js';
import { everyThread, type Crew } from './engine.js';
import { thresholdsOf } from './infer.js';
import type { NetworkSpec } from './network/network-spec.js';
import { layerParameters, shared, sharedParameters } from './parameters.js';
import { inputsOf, partsOf, planOf, type PlannedLayer } from './plan.js';

/** A network layer by layer: every thread keeps its images' spikes until nobody takes them any more. */
export async function sweep(
  request: SweepRequest,
  { images, timeSteps }: CheckedBatch,
  crew: Crew,
): Promise<void> {
  let { snn } = request;
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
  let loaded = 0;
  /** Loads the layers up to one; those anew whose currents it takes, as it may be tried with other parameters of theirs. */
  const load = async (layer: number): Promise<void> => {
    const first = Math.min(loaded, firstOfCurrents(layers, layer));
    if (first < loaded) await everyThread(crew, () => ({ task: 'drop', layers: loaded - first }));
    for (const one of layers.slice(first, layer + 1)) {
      const packed = sharedParameters(layerParameters(one, snn.architecture, snn));
      await everyThread(crew, () => ({ task: 'next', parameters: packed }));
    }
    loaded = layer + 1;
  };
  for (const [layer, planned] of layers.entries()) {
    if (planned.linear) continue;
    const { height, width, channels } = planned.output;
    const rates = async (tried: TriedLayer = {}): Promise<Float64Array> => {
      snn = { ...snn, ...tried };
      if (tried.parameters || loaded <= layer) await load(layer);
      const initial = snn.initialPotentials?.[planned.name];
      const threshold = thresholds[layer]!;
      await everyThread(crew, () => ({ task: 'spike', layer, threshold, initial }));
      const parts = await everyThread<Float64Array>(crew, () => ({ task: 'channels', layer }));
      const spikes = (c: number): number => parts.reduce((sum, part) => sum + part[c]!, 0);
      const neurons = images * height * width;
      return Float64Array.from({ length: channels }, (_, c) => spikes(c) / (timeSteps * neurons));
    };
    await request.atLayer(planned.name, rates);
    if (loaded <= layer) await rates();
    request.onProgress?.(Math.floor(((layer + 1) * images) / layers.length), images);
  }
}

/** The first of a layer and the linear layers whose currents it takes, directly or by others. */
function firstOfCurrents(layers: readonly PlannedLayer[], index: number): number {
  const sources = inputsOf(layers[index]!).flatMap(partsOf);
  return Math.min(
    index,
    ...sources.flatMap(({ from }) => (layers[from]?.linear ? [firstOfCurrents(layers, from)] : [])),
  );
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
