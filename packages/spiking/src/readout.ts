import type { Readout } from '@privatesnn/core';

import { countMatches, noClass, predictedClasses } from './predicted-class.js';

/** How well one factor maps the SNN's summed membrane potentials to the ANN's logits. */
export interface ReadoutFit {
  /** The factor, least squares. */
  readonly scale: number;
  /** R²: the part of the logits' variance that the scaled potentials explain; at most 1, below 0 when useless. */
  readonly explained: number;
  /** Part of the images that both networks put in the same class. */
  readonly agreement: number;
  /** Images that one of the networks puts in no class, since several share its largest output. */
  readonly ties: number;
}

/**
 * Fits the read-out's scale to the ANN. Only differences between classes matter to a softmax, so both sides
 * are centred for each image first.
 *
 * @param potentials summed membrane potentials of the SNN, [images, classes]
 * @param logits the ANN's, [images, classes]
 */
export function fitReadout(
  potentials: Float32Array,
  logits: Float32Array,
  classes: number,
): ReadoutFit {
  const images = logits.length / classes;
  let cross = 0;
  let potentialSquares = 0;
  let logitSquares = 0;
  for (let image = 0; image < images; image++) {
    const p = potentials.subarray(image * classes, (image + 1) * classes);
    const y = logits.subarray(image * classes, (image + 1) * classes);
    const pMean = mean(p);
    const yMean = mean(y);
    for (let c = 0; c < classes; c++) {
      const dp = p[c]! - pMean;
      const dy = y[c]! - yMean;
      cross += dp * dy;
      potentialSquares += dp * dp;
      logitSquares += dy * dy;
    }
  }
  const [spiking, conventional] = [potentials, logits].map((z) => predictedClasses(z, classes));
  const scale = potentialSquares > 0 ? cross / potentialSquares : 0;
  return {
    scale,
    explained: logitSquares > 0 ? (scale * cross) / logitSquares : 0,
    agreement: countMatches(spiking!, conventional!) / images,
    ties: spiking!.filter((chosen, i) => chosen === noClass || conventional![i] === noClass).length,
  };
}

/** The time-steps that are read: T without the first `after` of them. */
export interface ReadSteps {
  readonly timeSteps: number;
  /** Below T; 0 when left out. */
  readonly after?: number;
}

/**
 * The read-out of the given kind; `fitted` takes the fit's scale. Where the network was silent, or did not follow
 * the ANN at all, there is no such scale, and the mean over time takes its place.
 */
export function readoutOf(
  kind: Exclude<Readout['kind'], 'filtered'>,
  { timeSteps, after = 0 }: ReadSteps,
  fit?: ReadoutFit,
): Readout {
  const begin = after > 0 ? { after } : {};
  if (kind === 'sum') return { kind, scale: 1, ...begin };
  if (kind === 'fitted' && fit && fit.scale > 0) return { kind, scale: fit.scale, ...begin };
  return { kind: 'mean', scale: 1 / (timeSteps - after), ...begin };
}

function mean(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
