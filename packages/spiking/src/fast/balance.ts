import { spikingLayers } from '@privatesnn/core';

import type { CheckedBatch } from '../checks.js';
import type { Balance, BalanceRequest } from '../engine.js';
import { clipThreshold, currentUnits, toRates } from '../units.js';
import { nearestRank } from '../percentile.js';
import { activityOf } from './activity.js';
import { everyThread, type Crew } from './engine.js';
import { floatOf } from './float-bits.js';
import type { NetworkSpec } from './network/network-spec.js';
import { layerParameters, sharedParameters } from './parameters.js';
import { planOf } from './plan.js';
import { startSweep } from './sweep.js';

/** Threshold balancing in one sweep: every thread keeps its images' spikes from layer to layer. */
export async function balance(
  request: BalanceRequest,
  { images }: CheckedBatch,
  crew: Crew,
): Promise<Balance> {
  const { architecture, seed, scale, percentile } = request;
  const spec: NetworkSpec = {
    plan: planOf(architecture),
    parameters: [],
    thresholds: [],
    neuron: request.neuron,
    encoder: request.encoder.kind,
    timeSteps: request.timeSteps,
    seed,
    dropout: false,
  };
  await startSweep(request, images, crew, spec);

  const planned = spec.plan.layers.filter(({ last }) => !last);
  const maxima = new Map(spikingLayers(architecture).map(({ name, maximum }) => [name, maximum]));
  const thresholds: Record<string, number> = {};
  const layers: Balance['layers'][number][] = [];
  const sizes = new Map(activityOf(spec.plan, []).map((size) => [size.layer, size]));
  for (const [layer, { name, linear }] of planned.entries()) {
    const inRates = request.scaleBiases
      ? toRates(architecture, request.parameters, thresholds)
      : { parameters: request.parameters };
    const parameters = sharedParameters(layerParameters(planned[layer]!, architecture, inRates));
    await everyThread(crew, () => ({ task: 'next', parameters }));
    if (linear) continue;
    const maximum = maxima.get(name);
    const threshold =
      maximum === undefined
        ? undefined
        : clipThreshold(maximum, currentUnits(architecture, thresholds)[name]!);
    const current =
      maximum === undefined ? await currentOf(crew, layer, percentile) : (threshold ?? 0);
    if (threshold !== undefined) thresholds[name] = threshold;
    else if (current > 0) thresholds[name] = Math.fround(scale * current);
    const spikes = await everyThread<number>(crew, () => ({
      task: 'spike',
      layer,
      threshold: thresholds[name] ?? Infinity,
    }));
    layers.push({ ...sizes.get(name)!, spikes: spikes.reduce((a, b) => a + b), current });
    request.onProgress?.(Math.floor(((layer + 1) * images) / planned.length), images);
  }
  return { thresholds, layers };
}

/** The percentile of a layer's positive currents; 0 where there is none. */
async function currentOf(crew: Crew, layer: number, percentile: number): Promise<number> {
  if (percentile < 100) return percentileOf(crew, layer, percentile);
  return Math.max(...(await everyThread<number>(crew, () => ({ task: 'largest', layer }))));
}

/**
 * The nearest-rank percentile of a layer's positive currents, exactly, without keeping them: they are counted by the
 * upper 20 bits of their floats, then those in the bin of the rank by the lower 12. 0 where there is none.
 */
async function percentileOf(crew: Crew, layer: number, percentile: number): Promise<number> {
  const countAll = async (bin?: number): Promise<Float64Array> =>
    sum(await everyThread<Float64Array>(crew, () => ({ task: 'count', layer, bin })));
  const coarse = await countAll();
  const total = coarse.reduce((a, b) => a + b, 0);
  if (total === 0) return 0;
  const upper = binOfRank(coarse, nearestRank(percentile, total));
  const lower = binOfRank(await countAll(upper.bin), upper.rank);
  return floatOf(upper.bin * 2 ** 12 + lower.bin);
}

function sum(parts: readonly Float64Array[]): Float64Array {
  return parts[0]!.map((_, i) => parts.reduce((total, part) => total + part[i]!, 0));
}

/** The bin in which the value of a rank lies, and its rank there. */
function binOfRank(counts: Float64Array, rank: number): { bin: number; rank: number } {
  let below = 0;
  const bin = counts.findIndex((n) => {
    if (below + n >= rank) return true;
    below += n;
    return false;
  });
  return { bin, rank: rank - below };
}
