import {
  partOfImages,
  pixelsIn,
  spikingChannels,
  spikingLayers,
  type Ann,
  type Images,
  type Snn,
} from '@privatesnn/core';
import { activationSizes, annLogits, visitActivations, type Sizes } from '@privatesnn/runtime-tfjs';
import {
  currentUnits,
  energyConstants,
  energyRatio,
  fitReadout,
  probeStepsOf,
  readoutOf,
  toRates,
  type Quantisation,
  type ReadoutFit,
} from '@privatesnn/spiking';

import { calibrate } from './calibrate.js';
import { BiasCorrection } from './calibrate-biases.js';
import { PotentialCorrection } from './calibrate-potentials.js';
import { calibrateWeights } from './calibrate-weights.js';
import { ChannelThresholds } from './channel-thresholds.js';
import type { LeastErrorOptions as Options } from './least-error-options.js';
import { layerThresholds, type Units } from './layer-thresholds.js';
import { passOf, type Search } from './least-error-pass.js';
import { encoderFor, neuronModel } from './neuron-options.js';

/** A converted network, and how well it follows its ANN on the judged images. */
export interface Candidate {
  readonly timeSteps: number;
  readonly scale: number;
  readonly units: Units;
  readonly snn: Snn;
  readonly fit: ReadoutFit;
  /** How many times less energy than the ANN it takes on the judged images; null where it computes nothing. */
  readonly energyRatio: number | null;
}

/** The activations of each layer that is to spike on the calibration images. */
export const sizesOf = (search: Search): Promise<Sizes> =>
  activationSizes(search.tensors, search.ann, search.calibration, passOf(search, 'activations'));

/** The mean activation of each channel over images, by layer. */
export async function channelMeans(
  search: Search,
  images: Images,
): Promise<Record<string, Float64Array>> {
  const means: Record<string, Float64Array> = {};
  const numbers: Record<string, number> = {};
  await visit(search, images, 'mean activations', (layer, values, channels) => {
    const sum = (means[layer] ??= new Float64Array(channels));
    values.forEach((value, i) => (sum[i % channels]! += value));
    numbers[layer] = (numbers[layer] ?? 0) + values.length / channels;
  });
  for (const [layer, sum] of Object.entries(means)) {
    sum.forEach((value, c) => (sum[c] = value / numbers[layer]!));
  }
  return means;
}

/** Visits the activations of the layers that are to spike. */
async function visit(
  search: Search,
  images: Images,
  note: string,
  look: (layer: string, values: Float32Array, channels: number) => void,
): Promise<void> {
  const { tensors, ann } = search;
  const channels = spikingChannels(ann.architecture);
  await visitActivations(tensors, ann, images, passOf(search, note), (layer, values) => {
    const width = channels.get(layer);
    if (width !== undefined) look(layer, values, width);
  });
}

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

interface Judge extends Search {
  readonly judged: Images;
  /** The ANN's, [images, classes]. */
  readonly logits: Float32Array;
  readonly seed: number;
}

/** The ANN with the activations of each channel in units of a threshold of its own. */
async function inChannelUnits(
  search: Search,
  least: Units,
  quantisation: Quantisation,
): Promise<Ann> {
  const thresholds = new ChannelThresholds(search.ann, least, quantisation);
  const note = `T = ${quantisation.timeSteps}, channels`;
  await visit(search, search.calibration, note, (layer, values) => thresholds.add(layer, values));
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
    const snn = network(ann, units, timeSteps, options);
    const candidate = await judgedNetwork(judge, snn, units, scale);
    context.progress(i + 1, scales.length, `T = ${timeSteps}, scale ${scale}`);
    if (!best || candidate.fit.explained > best.fit.explained) best = candidate;
  }
  return best!;
}

/** The candidate with calibrated weights, then biases, then initial potentials, as the options ask. */
async function calibrated(judge: Judge, candidate: Candidate, seed: number): Promise<Candidate> {
  const { context, engine, calibration, options } = judge;
  const { units, timeSteps, scale } = candidate;
  const convert = (ann: Ann) => network(ann, units, timeSteps, options);
  const ann = options.weights === 'calibrated' ? await fitted(judge, candidate, seed) : judge.ann;
  const biases = options.biases === 'calibrated' ? new BiasCorrection(ann, convert) : undefined;
  const snn = convert(biases?.ann ?? ann);
  const potentials =
    options.potentials === 'calibrated' ? new PotentialCorrection(snn, units) : undefined;
  const corrections = [biases, potentials].filter((one) => one !== undefined);
  if (corrections.length === 0) {
    return ann === judge.ann ? candidate : judgedNetwork(judge, snn, units, scale);
  }
  // Means and rates of the same images: what sets their differences is the conversion alone.
  const images = partOfImages(calibration, options.biasSamples);
  const means = await channelMeans(judge, images);
  await calibrate(
    {
      ...{ engine, snn, units, means, images, seed, signal: context.signal },
      onProgress: (done, total) => context.progress(done, total, `T = ${timeSteps}, calibration`),
    },
    corrections,
  );
  const corrected = {
    ...convert(biases?.ann ?? ann),
    ...(potentials ? { initialPotentials: potentials.initialPotentials } : {}),
  };
  return judgedNetwork(judge, corrected, units, scale);
}

/** The ANN with calibrated weights. */
async function fitted(judge: Judge, candidate: Candidate, seed: number): Promise<Ann> {
  const { context, engine, tensors, ann, calibration, options } = judge;
  const { units, timeSteps } = candidate;
  const calibrated = await calibrateWeights({
    ...{ engine, tensors, ann, units, seed, signal: context.signal },
    convert: (from) => network(from, units, timeSteps, options),
    images: partOfImages(calibration, options.weightSamples),
    ...{ batchSize: options.batchSize, steps: options.weightSteps, rate: options.weightRate },
    random: context.random('weights'),
    onProgress: (done, total) => context.progress(done, total, `T = ${timeSteps}, weights`),
  });
  context.record('weights', { candidate: timeSteps, errors: calibrated.errors });
  return calibrated.ann;
}

/** A network with its read-out, and its fit to the ANN's logits. */
async function judgedNetwork(
  { context, engine, options, judged, logits, seed }: Judge,
  snn: Snn,
  units: Units,
  scale: number,
): Promise<Candidate> {
  const { architecture, timeSteps } = snn;
  const pixels = pixelsIn(judged, snn.encoder.range);
  const ran = await engine.infer({ snn, pixels, seed, signal: context.signal });
  const fit = fitReadout(ran.potentials, logits, architecture.classes);
  const readout = readoutOf(options.readout, { timeSteps, after: options.readoutAfter }, fit);
  const operations = ran.operations.map(({ layer, additions, multiplications }) => ({
    layer,
    additions: additions / judged.shape[0],
    multiplications: multiplications / judged.shape[0],
  }));
  const ratio = energyRatio(
    {
      ...{ architecture, operations, timeSteps },
      ...{ probeSteps: probeStepsOf(snn.neuron), constantInput: 'every-step' },
    },
    energyConstants.integer,
  );
  return { timeSteps, scale, units, snn: { ...snn, readout }, fit, energyRatio: ratio };
}

/** The ANN's weights, and thresholds by which rates are its activations in these units. */
export function network(ann: Ann, units: Units, timeSteps: number, options: Options): Snn {
  const thresholds: Record<string, number> = {};
  for (const { name } of spikingLayers(ann.architecture)) {
    thresholds[name] = Math.fround(
      units[name]! / currentUnits(ann.architecture, thresholds)[name]!,
    );
  }
  return {
    type: 'snn',
    architecture: ann.architecture,
    ...toRates(ann.architecture, ann.parameters, thresholds),
    thresholds,
    neuron: neuronModel(options),
    encoder: encoderFor(options, ann),
    readout: readoutOf('sum', { timeSteps, after: options.readoutAfter }),
    timeSteps,
    classNames: ann.classNames,
  };
}
