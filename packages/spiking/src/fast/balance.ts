import type { CheckedBatch } from '../checks.js';
import type { Balance, BalanceRequest } from '../engine.js';
import { rateScales } from '../normalisation.js';
import { activityOf } from './activity.js';
import { everyThread, networkSpec, shared, type Crew } from './engine.js';

/** Threshold balancing in one sweep: every thread keeps its images' spikes from layer to layer. */
export async function balance(
  request: BalanceRequest,
  { images }: CheckedBatch,
  crew: Crew,
): Promise<Balance> {
  const { architecture, seed, firstImage = 0, scale, percentile } = request;
  const spec = networkSpec(architecture, request.parameters, {
    thresholds: [],
    neuron: request.neuron,
    encoder: request.encoder.kind,
    timeSteps: request.timeSteps,
    seed,
    dropout: false,
  });
  const pixels = shared(request.pixels);
  const part = (thread: number): number => Math.floor((thread * images) / crew.threads);
  await everyThread(crew, (thread) => ({
    task: 'balance',
    spec,
    images: { pixels, start: part(thread), end: part(thread + 1), firstImage },
  }));

  const spiking = spec.plan.layers.filter(({ last }) => !last);
  const thresholds: Record<string, number> = {};
  const layers: Balance['layers'][number][] = [];
  const sizes = activityOf(spec.plan, []).slice(1);
  for (const [layer, { name }] of spiking.entries()) {
    const biasDivisor = request.scaleBiases ? rateScales(architecture, thresholds)[name]! : 1;
    const found = await everyThread<{ largest: number; histogram?: Float64Array }>(crew, () => ({
      task: 'largest',
      layer,
      biasDivisor,
      histogram: percentile < 100,
    }));
    const largest = Math.max(...found.map((part) => part.largest));
    const current =
      percentile < 100 && largest > 0
        ? percentileOf(
            found.map((part) => part.histogram!),
            percentile,
          )
        : largest;
    if (current > 0) thresholds[name] = Math.fround(scale * current);
    const spikes = await everyThread<number>(crew, () => ({
      task: 'spike',
      layer,
      threshold: thresholds[name] ?? Infinity,
    }));
    layers.push({ ...sizes[layer]!, spikes: spikes.reduce((a, b) => a + b), current });
    request.onProgress?.(Math.floor(((layer + 1) * images) / spiking.length), images);
  }
  return { thresholds, layers };
}

/**
 * A percentile of positive currents from their histograms, to one part in 4,096: the middle of the bin (the
 * floats that share their upper 20 bits) in which the current of that rank lies.
 */
function percentileOf(histograms: readonly Float64Array[], percentile: number): number {
  const counts = histograms[0]!.map((_, bin) => histograms.reduce((sum, h) => sum + h[bin]!, 0));
  const total = counts.reduce((a, b) => a + b, 0);
  const rank = Math.max(1, (percentile / 100) * total);
  let below = 0;
  const bin = counts.findIndex((n) => (below += n) >= rank);
  return new Float32Array(Uint32Array.of(bin * 4096 + 2048).buffer)[0]!;
}
