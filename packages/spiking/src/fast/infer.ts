import type { CheckedBatch } from '../checks.js';
import { encode } from '../encoder.js';
import { isSigned } from '../taking-back.js';
import type { Inference, InferenceRequest } from '../engine.js';
import { integerLayers } from '../integer.js';
import { readAfterOf } from '../readout-checks.js';
import { activityOf, addCounts, operationsOf } from './activity.js';
import { everyThread, networkSpec, type Crew } from './engine.js';
import { imagesTogether } from './network/images-together.js';
import { shared } from './parameters.js';
import { planOf } from './plan.js';
import type { Simulation } from './simulate.js';

/** So many images make messages cheap, and are few enough for progress. */
const cheapAtOnce = 16;

/** Images through a network, shared out among the threads as they become free. */
export async function infer(
  request: InferenceRequest,
  { images, timeSteps, recordAt }: CheckedBatch & { readonly recordAt: readonly number[] },
  crew: Crew,
): Promise<Inference> {
  const { snn, seed, firstImage = 0, raster = [] } = request;
  const integers = request.precision === 'integer' ? integerLayers(snn, timeSteps) : undefined;
  const spec = networkSpec(snn.architecture, snn, {
    ...(integers ? { integers } : {}),
    ...(snn.readout.kind === 'filtered' && snn.neuron.kind === 'adaptive'
      ? { filteredBy: snn.neuron.currentDecay }
      : {}),
    readAfter: readAfterOf(snn),
    thresholds: thresholdsOf(snn),
    initialPotentials: startsOf(snn),
    neuron: snn.neuron,
    encoder: snn.encoder.kind,
    timeSteps,
    seed,
    dropout: false,
  });
  await everyThread(crew, () => ({ task: 'network', spec }));

  const pixels = shared(request.pixels);
  const row = recordAt.length * spec.plan.classes;
  const potentials = new Float32Array(images * row);
  const spikes: number[] = [];
  const negative: number[] | undefined = isSigned(snn.neuron) ? [] : undefined;
  const additions: number[][] = spec.plan.layers.map(() => []);
  const multiplications: number[][] = spec.plan.layers.map(() => []);
  const layers = raster.filter((name) => name !== 'input');
  const rasters = Object.fromEntries(
    activityOf(spec.plan, [])
      .filter(({ layer }) => raster.includes(layer))
      .map(({ layer, neurons }) => [layer, new Uint8Array(images * timeSteps * neurons)]),
  );
  const most = Math.max(cheapAtOnce, imagesTogether(spec));
  const atOnce = Math.max(1, Math.min(most, Math.floor(images / (2 * crew.threads))));
  let next = 0;
  let done = 0;
  const work = async (thread: number): Promise<void> => {
    while (next < images) {
      const start = next;
      const end = (next = Math.min(images, start + atOnce));
      const part = await crew.pool.call<Simulation>(thread, {
        task: 'infer',
        images: { pixels, start, end, firstImage },
        recordAt,
        raster: layers,
      });
      potentials.set(part.potentials, start * row);
      addCounts(spikes, part.spikes);
      if (negative) addCounts(negative, part.negative);
      part.additions.forEach((counts, layer) => addCounts(additions[layer]!, counts));
      part.multiplications.forEach((counts, layer) => addCounts(multiplications[layer]!, counts));
      for (const [layer, bytes] of Object.entries(part.raster)) {
        rasters[layer]!.set(bytes, start * (bytes.length / (end - start)));
      }
      done += end - start;
      request.onProgress?.(done, images);
    }
  };
  await Promise.all(Array.from({ length: crew.threads }, (_, thread) => work(thread)));
  if (rasters['input']) fillInputRaster(rasters['input'], request, images, timeSteps);
  return {
    potentials,
    activity: activityOf(spec.plan, spikes, negative),
    operations: operationsOf(spec.plan, { additions, multiplications }),
    raster: rasters,
  };
}

/** Thresholds in the order of the planned layers. */
export function thresholdsOf({ architecture, thresholds }: InferenceRequest['snn']): number[] {
  return planOf(architecture).layers.map(({ name }) => thresholds[name] ?? 0);
}

/** Initial potentials of single channels in the order of the planned layers. */
export function startsOf({
  architecture,
  initialPotentials,
}: InferenceRequest['snn']): (readonly number[] | undefined)[] {
  return planOf(architecture).layers.map(({ name }) => initialPotentials?.[name]);
}

/** The encoder's spikes: small pictures only, so that the plain encoder will do. */
function fillInputRaster(
  raster: Uint8Array,
  { snn, pixels, seed, firstImage = 0 }: InferenceRequest,
  images: number,
  timeSteps: number,
): void {
  const size = pixels.length / images;
  for (let i = 0; i < images; i++) {
    encode(snn.encoder.kind, pixels.subarray(i * size, (i + 1) * size), {
      seed,
      image: firstImage + i,
      timeSteps,
    }).forEach((step, t) =>
      step.forEach((x, unit) => (raster[(i * timeSteps + t) * size + unit] = Math.sign(x))),
    );
  }
}
