import { partOfImages, type Ann } from '@privatesnn/core';

import { channelMeans } from './activations.js';
import { BiasCorrection } from './calibrate-biases.js';
import { PotentialCorrection } from './calibrate-potentials.js';
import { calibrateWeights } from './calibrate-weights.js';
import { calibrate } from './calibrate.js';
import { judgedNetwork, type Candidate, type Judge } from './judged-network.js';
import { networkOf } from './least-error-network.js';

/** The candidate with calibrated weights, then biases, then initial potentials, as the options ask. */
export async function calibrated(
  judge: Judge,
  candidate: Candidate,
  seed: number,
): Promise<Candidate> {
  const { context, engine, calibration, options } = judge;
  const { units, timeSteps, scale } = candidate;
  const convert = (ann: Ann) => networkOf(ann, units, timeSteps, options);
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
    convert: (from) => networkOf(from, units, timeSteps, options),
    images: partOfImages(calibration, options.weightSamples),
    ...{ batchSize: options.batchSize, steps: options.weightSteps, rate: options.weightRate },
    random: context.random('weights'),
    onProgress: (done, total) => context.progress(done, total, `T = ${timeSteps}, weights`),
  });
  context.record('weights', { candidate: timeSteps, errors: calibrated.errors });
  return calibrated.ann;
}
