import type { Architecture, Parameters } from './network.js';

/**
 * What flows between stages: plain data, no classes, no tensors. An artefact is written to the cache as it is
 * (see cache/codec.ts); two artefacts with the same content have the same digest.
 */
export type Artefact = Images | Ann | Snn | Scalars | Series | Pictures;
export type ArtefactType = Artefact['type'];
export type ArtefactOf<T extends ArtefactType> = Extract<Artefact, { type: T }>;

/** The smallest and the largest value that a pixel may have. */
export type PixelRange = readonly [low: number, high: number];

/** Images, channels-last. */
export interface Images {
  readonly type: 'images';
  /** [count, height, width, channels]. */
  readonly shape: readonly [number, number, number, number];
  /** Row-major pixels in `range`: bytes for files (range [0, 255]), floats for what is computed. */
  readonly pixels: Uint8Array | Float32Array;
  readonly range: PixelRange;
  /** The class of each image, [count]. */
  readonly labels: Int32Array;
  /** Class probabilities, [count, classes], where the images were made for them. */
  readonly softLabels?: Float32Array;
  /**
   * 1 for images whose maker got no gradient from the network at any step, so that they show nothing of it; 0 for the
   * others, [count]. Left out where there are none.
   */
  readonly withoutGradient?: Uint8Array;
  readonly classNames: readonly string[];
  /** Whether any pixel comes from a dataset. */
  readonly origin: 'real' | 'synthetic';
}

/** A conventional network: ReLU after every weighted layer but the last. */
export interface Ann {
  readonly type: 'ann';
  readonly architecture: Architecture;
  readonly parameters: Parameters;
  /** The pixel range that the network was trained on. */
  readonly inputRange: PixelRange;
  readonly classNames: readonly string[];
  /**
   * What batch normalisation knows of the training data: by layer name, for the layers that had it before it was
   * folded. Left out by networks without it.
   */
  readonly statistics?: Readonly<Record<string, ChannelStatistics>>;
}

/** Mean and variance over the training data of a weighted layer's output before its ReLU, [channels] each. */
export interface ChannelStatistics {
  readonly mean: Float32Array;
  readonly variance: Float32Array;
}

/** How a spiking neuron integrates and fires; the same for all spiking layers. */
export interface NeuronModel {
  /** λ in (0, 1]: the part of the membrane potential kept from one time-step to the next (Eq. 1). */
  readonly leak: number;
  /** After a spike: u ← u − θ at once, u ← u − θ one step later (Rathi 2020), or u ← 0. */
  readonly reset: 'soft' | 'delayed-soft' | 'hard';
  /** Whether a neuron fires at u > θ or already at u = θ. */
  readonly firing: 'strict' | 'inclusive';
  /** Makes the neuron an adaptive one, of which the three above are only 1, `soft` and `strict`. */
  readonly adaptation?: Adaptation;
}

/**
 * An adaptive spiking neuron (Bohté 2012; Zambrano 2019): it encodes its filtered input current by a sum of decaying
 * refractory responses, one a spike, each as high as its threshold of that moment; the threshold grows with every
 * spike. A rate of one spike a time-step stands for a current of θ, the layer's threshold. Decays are the part that
 * is kept from one time-step to the next, in [0, 1).
 */
export interface Adaptation {
  /** ρ > 0: the threshold at rest is ρ·θ. */
  readonly rest: number;
  /** m ≥ 0: a spike raises the threshold by m times itself. */
  readonly growth: number;
  /** Of what spikes have added to the threshold, exp(−1/τγ). */
  readonly thresholdDecay: number;
  /** Of the refractory response, exp(−1/τη). */
  readonly refractoryDecay: number;
  /** Of the current that arriving spikes cause, exp(−1/τβ). */
  readonly currentDecay: number;
  /** Of the membrane filter, which the whole input passes, exp(−1/τφ). */
  readonly membraneDecay: number;
}

/** How pixels become the input of the first layer at each time-step. */
export interface Encoder {
  /**
   * `poisson`: a spike of amplitude sign(x) with probability |x|; `constant`: x itself as a current at every
   * step; `first-spike`: one spike, the earlier the larger |x|.
   */
  readonly kind: 'poisson' | 'constant' | 'first-spike';
  /** Pixels are mapped to this range before encoding: [-1, 1] gives signed spikes, [0, 1] unsigned ones. */
  readonly range: PixelRange;
}

/** How the last layer's membrane potential, summed over T time-steps, becomes logits. */
export interface Readout {
  /**
   * `sum`: as it is; `mean`: divided by T; `fitted`: times `scale`, fitted to the ANN's logits; `filtered`: not the
   * sum, but the last layer's current as adaptive neurons filter it, at the time-step of reading, times `scale`.
   */
  readonly kind: 'sum' | 'mean' | 'fitted' | 'filtered';
  /** The factor on the summed potential (1, 1/T, or the fitted one) or on the filtered current. */
  readonly scale: number;
}

/** A spiking network, as it is deployed: all that its holder, or an attacker, has. */
export interface Snn {
  readonly type: 'snn';
  readonly architecture: Architecture;
  readonly parameters: Parameters;
  /** θ of each weighted layer but the last, by layer name; > 0. */
  readonly thresholds: Readonly<Record<string, number>>;
  readonly neuron: NeuronModel;
  readonly encoder: Encoder;
  readonly readout: Readout;
  /** T, the number of time-steps of one inference. */
  readonly timeSteps: number;
  readonly classNames: readonly string[];
}

/** Named numbers; null where a value could not be computed (the report leaves it empty). */
export interface Scalars {
  readonly type: 'scalars';
  readonly values: Readonly<Record<string, number | null>>;
  /** Why values are null, by name, where the stage knows. */
  readonly reasons?: Readonly<Record<string, string>>;
}

/** Curves over one common axis: accuracy against T, loss against epoch. */
export interface Series {
  readonly type: 'series';
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** The axis: numbers, or names (layers). */
  readonly x: readonly (number | string)[];
  readonly lines: readonly { readonly name: string; readonly y: readonly (number | null)[] }[];
}

/** RGB or grey pictures for people, e.g. one a class. */
export interface Pictures {
  readonly type: 'pictures';
  readonly title: string;
  /** [height, width, channels], channels 1 or 3. */
  readonly shape: readonly [number, number, number];
  readonly items: readonly { readonly label: string; readonly pixels: Uint8Array }[];
}

export const artefactTypes = ['images', 'ann', 'snn', 'scalars', 'series', 'pictures'] as const;
