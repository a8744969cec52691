import type { Ann, Images, Snn, StageContext } from '@privatesnn/core';
import type { TensorRuntime } from '@privatesnn/runtime-tfjs';
import { predictedClasses, type SpikingEngine } from '@privatesnn/spiking';

import { hasWeightsOf, neededRate } from './activation-scales.js';
import { advise, worthwhile } from './advice.js';
import { annActivations } from './ann-activations.js';
import { findingsOf } from './findings.js';
import { createJudge } from './judge.js';
import type { LayerStatistics } from './layer-statistics.js';
import { reconversionOf } from './reconversion/reconversion-of.js';
import type { BalancingOptions } from './reconversion/threshold-balancing.js';

/** What is known of a conversion. */
export interface Examined {
  readonly network: Snn;
  readonly ann: Ann;
  readonly images: Images;
  /** The images that the converter took; undefined: `images` stand for them. */
  readonly calibration: Images | undefined;
  readonly layers: readonly LayerStatistics[];
  /** The ANN's on `images`, by layer; the last are its logits. */
  readonly activations: ReadonlyMap<string, Float32Array>;
  /** The activation that a rate of one spike a time-step stands for, by spiking layer. */
  readonly scales: Readonly<Record<string, number>>;
  /** Accuracy at each of the ascending time-steps, the last of which is T. */
  readonly curve: { readonly timeSteps: readonly number[]; readonly accuracy: readonly number[] };
  readonly annAccuracy: number;
  /** Images of one call. */
  readonly batch: number;
  readonly balancing: BalancingOptions;
}

export interface Suggestion {
  /**
   * By how much to multiply `scale` of threshold-balancing, or `threshold` of adaptive-spiking; 1 where no change helps
   * or none is needed. Null for weight-normalisation, which has no such option, and for weights that were trained since.
   */
  readonly thresholdFactor: number | null;
  /** `percentile` of weight-normalisation, where another one helps; else null. */
  readonly percentile: number | null;
  readonly timeSteps: number;
}

/** About how many changes are tried at most, for the progress. */
const mostTrials = 13;

/** Tells what is wrong with a conversion, and one change that helps; both told as `info`, and recorded. */
export async function consult(
  context: StageContext,
  runtime: TensorRuntime,
  engine: SpikingEngine,
  examined: Examined,
): Promise<Suggestion> {
  const { network, ann, images, calibration, layers, activations, scales, curve } = examined;
  const { batch, balancing } = examined;
  const { signal } = context;
  const timeSteps = curve.timeSteps.at(-1)!;
  const calibrationActivations = async () =>
    calibration ? annActivations(runtime, ann, calibration, { batch, signal }) : activations;
  const judged = (set: Images, all: ReadonlyMap<string, Float32Array>) => ({
    images: set,
    annClasses: predictedClasses([...all.values()].at(-1)!, network.architecture.classes),
  });
  const sets = [judged(images, activations)];
  if (calibration) sets.push(judged(calibration, await calibrationActivations()));
  const judge = createJudge({
    engine,
    network,
    timeSteps,
    sets,
    batch,
    random: context.random('trials'),
    signal,
  });
  const reconversion = hasWeightsOf(ann, network)
    ? reconversionOf({
        engine,
        network,
        ann,
        calibration: calibration ?? images,
        seed: context.random('calibration').uint32(),
        signal,
        balancing,
        layers,
        neededRates: layers.map(({ layer }) =>
          neededRate({ activations: activations.get(layer)!, scale: scales[layer]! }),
        ),
        timeSteps,
        activations: calibrationActivations,
      })
    : undefined;
  const behind = curve.accuracy.at(-1)! < examined.annAccuracy - worthwhile;
  const poor = behind || layers.some(({ highestRate }) => highestRate === 0);
  let trials = 0;
  const advice = await advise({
    network,
    timeSteps,
    reconversion,
    judge,
    poor,
    curve,
    onTrial: (note) => context.progress(trials++, Math.max(trials, mostTrials), `trying ${note}`),
  });
  const hasFactor = reconversion && reconversion.option !== 'percentile';
  const suggestion = {
    thresholdFactor: hasFactor ? (advice.value ?? 1) : null,
    percentile: hasFactor ? null : advice.value,
    timeSteps: advice.timeSteps,
  };
  const findings = poor ? findingsOf(layers, timeSteps) : [];
  const sentences = advice.sentence === '' ? findings : [...findings, advice.sentence];
  sentences.forEach((sentence) => context.info(sentence));
  context.record('suggestion', { ...suggestion, advice: sentences });
  return suggestion;
}
