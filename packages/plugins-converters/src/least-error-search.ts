import { partOfImages, type Ann } from '@privatesnn/core';
import { annLogits, type Sizes } from '@privatesnn/runtime-tfjs';
import type { Quantisation } from '@privatesnn/spiking';

import { visitSpiking } from './activations.js';
import { calibrated } from './calibrated-network.js';
import { ChannelThresholds } from './channel-thresholds.js';
import { judgedNetwork, type Candidate, type Judge } from './judged-network.js';
import { networkOf } from './least-error-network.js';
import type { LeastErrorOptions as Options } from './least-error-options.js';
import { layerThresholds, type Units } from './layer-thresholds.js';
import type { Search } from './least-error-pass.js';

/** The network that was taken, and the fewest time-steps that take too much energy; undefined where none was met. */
export interface Found {
  readonly candidate: Candidate;
  readonly tooDear: number | undefined;
}

/**
 * The network of the wanted time-steps; of `auto` the first that loses no more than is allowed, else the last before one
 * that takes too much energy. Each has the scale whose network explains most of the ANN's logits, and is then calibrated.
 */
export async function searchNetwork(search: Search, sizes: Sizes): Promise<Found> {
  const { context, tensors, ann, calibration, options } = search;
  const judged = partOfImages(calibration, options.searchSamples);
  const logits = await annLogits(tensors, ann, judged, { signal: context.signal });
  const random = context.random('encoder');
  const judge: Judge = { ...search, judged, logits, seed: random.uint32() };
  const seed = random.uint32();
  const steps = options.timeSteps === 'auto' ? options.timeStepCandidates : [options.timeSteps];
  const thresholdsAt = await layerThresholds(search, sizes);
  let found: Candidate | undefined;
  let tooDear: number | undefined;
  for (const timeSteps of steps) {
    // More time-steps take more energy still.
    if (tooDear !== undefined && timeSteps >= tooDear) continue;
    const quantisation = { timeSteps, initial: options.initialPotential };
    const least = thresholdsAt(quantisation);
    const scaled =
      options.thresholds === 'channel'
        ? { ...judge, ann: await inChannelUnits(search, least, quantisation) }
        : judge;
    const uncorrected = await bestScale(scaled, least, timeSteps);
    const candidate = await calibrated(scaled, uncorrected, seed);
    const { scale, fit, energyRatio } = candidate;
    context.record('time-steps', { candidate: timeSteps, scale, fit, energyRatio });
    if (isTooDear(candidate, options)) {
      tooDear = timeSteps;
      // It is better than none, or than one that takes more.
      if (!found || isTooDear(found, options)) found = candidate;
      continue;
    }
    found = candidate;
    if (fit.agreement >= 1 - options.allowedLoss / 100) break;
  }
  return { candidate: found!, tooDear };
}

/** Whether a network takes more energy than is allowed. */
export function isTooDear(
  { energyRatio }: Candidate,
  { leastEnergyRatio }: Pick<Options, 'leastEnergyRatio'>,
): boolean {
  return energyRatio !== null && energyRatio < leastEnergyRatio;
}

/** The ANN with the activations of each channel in units of a threshold of its own. */
async function inChannelUnits(
  search: Search,
  least: Units,
  quantisation: Quantisation,
): Promise<Ann> {
  const thresholds = new ChannelThresholds(search.ann, least, quantisation);
  const note = `T = ${quantisation.timeSteps}, channels`;
  await visitSpiking(search, search.calibration, note, (layer, values) =>
    thresholds.add(layer, values),
  );
  return thresholds.scaled();
}

async function bestScale(judge: Judge, least: Units, timeSteps: number): Promise<Candidate> {
  const { context, ann, options } = judge;
  const scales = options.scale === 'auto' ? options.scaleCandidates : [options.scale];
  let best: Candidate | undefined;
  for (const [i, scale] of scales.entries()) {
    const units = Object.fromEntries(
      Object.entries(least).map(([layer, theta]) => [layer, scale * theta]),
    );
    const snn = networkOf(ann, units, timeSteps, options);
    const candidate = await judgedNetwork(judge, snn, units, scale);
    context.progress(i + 1, scales.length, `T = ${timeSteps}, scale ${scale}`);
    if (!best || candidate.fit.explained > best.fit.explained) best = candidate;
  }
  return best!;
}
