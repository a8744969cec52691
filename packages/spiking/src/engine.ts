import {
  token,
  type Architecture,
  type Encoder,
  type NeuronModel,
  type Parameters,
  type Snn,
} from '@privatesnn/core';

/**
 * The compute engine: everything in which spikes flow. Three implementations agree: `reference` (plain
 * TypeScript, the oracle of the tests), `wasm` (always there), `native` (used where it is built).
 *
 * Random input spikes depend on (seed, image number, time-step, pixel) alone, and sums are taken in a fixed
 * order: results do not depend on the number of threads, nor on how images are split into calls
 * (`firstImage` says which number the first image of a call has).
 */
export interface SpikingEngine {
  readonly id: 'reference' | 'wasm' | 'native';
  /** How many compute at a time. */
  readonly threads: number;
  /** Runs images through a network for `timeSteps` steps. */
  infer(request: InferenceRequest): Promise<Inference>;
  /** Finds each layer's threshold from the largest input current, layer by layer, in one sweep (Sengupta 2019). */
  balanceThresholds(request: BalanceRequest): Promise<Balance>;
  /**
   * Runs images through a network layer by layer, each of which the caller may try with several parameters and initial
   * potentials. Only that layer is computed for a try: the spikes before it are kept.
   */
  sweepLayers(request: SweepRequest): Promise<void>;
  /** One forward and backward pass over a batch: spatio-temporal back-propagation (Eq. 4, Eq. 5). */
  gradients(request: GradientRequest): Promise<Gradients>;
  /** What the user should know of how a network will be computed; undefined for nothing. */
  remark(network: RemarkedNetwork, use: EngineUse): string | undefined;
  /** Ends the worker threads. */
  close(): Promise<void>;
}

/** What an engine is asked for. */
export type EngineUse = 'spikes' | 'gradients';

/** A network as far as it is said how an engine computes it; with integrate-and-fire neurons where they are left out. */
export type RemarkedNetwork = Pick<Snn, 'architecture' | 'encoder'> & Partial<Pick<Snn, 'neuron'>>;

export const SPIKING_ENGINE = token<SpikingEngine>(
  'spiking-engine',
  'simulates spiking networks and computes their gradients',
);

interface Batch {
  /** [images, height, width, channels], row-major, in the encoder's range. */
  readonly pixels: Float32Array;
  /** Seed of the encoder's noise, an integer in [0, 2³²). */
  readonly seed: number;
  /** Number of the first image; 0 when left out. */
  readonly firstImage?: number;
  readonly signal?: AbortSignal;
  /** Called as images finish. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface InferenceRequest extends Batch {
  readonly snn: Snn;
  /** T; the network's own when left out. */
  readonly timeSteps?: number;
  /**
   * Time-steps (1-based, ascending, ≤ T, behind those that the read-out leaves out) at which it is recorded; [T] when left
   * out.
   */
  readonly recordAt?: readonly number[];
  /**
   * `integer` computes with 11-bit weights and integer membranes (see integer.ts): the same bits on every engine
   * and machine, and faster; `float` when left out.
   */
  readonly precision?: 'float' | 'integer';
  /** Keeps all spikes of the named layers ("input" is the encoder); for pictures of small runs. */
  readonly raster?: readonly string[];
}

/** Spikes of one layer, summed over images, neurons and time-steps. */
export interface LayerActivity {
  /** "input" for the encoder, else the spiking layer's name. */
  readonly layer: string;
  readonly neurons: number;
  /** Of either sign. */
  readonly spikes: number;
  /** How many of them are negative; of a spiking layer in an inference of signed neurons alone. */
  readonly negative?: number;
}

/**
 * What the synapses of one layer that sums do, summed over images and time-steps: an operation for each event that comes
 * in and each synapse that it reaches (at borders fewer; one, of an add). Behind average pooling every spike of a window
 * is an event. Biases are not among them. The current of a linear layer that an add takes costs nothing more: its synapses
 * reach the add's neurons.
 */
export interface LayerOperations {
  readonly layer: string;
  /** For spikes. */
  readonly additions: number;
  /** For the numbers other than 0 of a constant input, or of a linear layer's current, which come at every time-step. */
  readonly multiplications: number;
}

export interface Inference {
  /**
   * Membrane potentials of the last layer, summed over time from where the read-out begins (its current, for a `filtered`
   * one) and not scaled by it, [images, recordAt.length, classes].
   */
  readonly potentials: Float32Array;
  /** The encoder first, then each spiking layer. Divide by images · neurons for spikes per neuron. */
  readonly activity: readonly LayerActivity[];
  /** Of every layer that sums, the last one too. */
  readonly operations: readonly LayerOperations[];
  /** Per requested layer: one byte a neuron and step, [images, T, neurons], 1 (or 255 for −1) where it spiked. */
  readonly raster: Readonly<Record<string, Uint8Array>>;
}

export interface BalanceRequest extends Batch {
  readonly architecture: Architecture;
  readonly parameters: Parameters;
  readonly neuron: NeuronModel;
  readonly encoder: Encoder;
  readonly timeSteps: number;
  /** α: every threshold is this factor times the statistic (Han 2020); > 0. */
  readonly scale: number;
  /**
   * Brings the biases into units of spike rates, and gives joins their gains (see toRates); the network must get the same.
   * False when left out.
   */
  readonly scaleBiases?: boolean;
  /** 100 takes the largest current over samples, neurons and time; less, that percentile of the positive currents. */
  readonly percentile: number;
}

export interface Balance {
  /**
   * By the name of each spiking layer; scaled by α, but for those whose ReLU is clipped, which keep it exactly. A layer
   * without a positive current gets no entry.
   */
  readonly thresholds: Record<string, number>;
  /** The statistic before scaling (the threshold of a clipped layer), and the activity that the thresholds give. */
  readonly layers: readonly (LayerActivity & { readonly current: number })[];
}

export interface SweepRequest extends Batch {
  readonly snn: Snn;
  /**
   * Called for each spiking layer in turn. `rates` computes the layer with what is tried (the last tried; the network's own
   * at first) and resolves to the spikes a time-step and neuron of each of its channels (negative ones taken off), the
   * mean over images and pixels, [channels]. Only the parameters of this layer (of an add: those of the linear layers that
   * it alone takes) and its initial potentials may differ. What was computed last is what the layers behind take.
   */
  readonly atLayer: (
    layer: string,
    rates: (tried?: TriedLayer) => Promise<Float64Array>,
  ) => Promise<void>;
}

/** What a sweep can try of a layer, as the whole network has it; what is left out stays as it is. */
export type TriedLayer = Partial<Pick<Snn, 'parameters' | 'initialPotentials'>>;

/** ∂o/∂u, with u the membrane potential before the reset; times `gamma`, divided by θ if `divideByTheta`. */
export type Surrogate = LocalSurrogate | SpikeTrainSurrogate;

/** A surrogate that needs no later spikes. */
export type LocalSurrogate = PotentialSurrogate | SpikeTimeSurrogate;

/** A surrogate of the membrane potential. */
export interface PotentialSurrogate {
  /**
   * With d = |u − θ|/(w·θ), `triangle`: max(0, 1 − d), which is Eq. 5 for w = 1; `rectangle`: 1 where d < 1/2;
   * `exponential`: exp(−d).
   */
  readonly kind: 'triangle' | 'rectangle' | 'exponential';
  /** w > 0; 1 when left out. */
  readonly width?: number;
  readonly gamma: number;
  readonly divideByTheta: boolean;
}

/**
 * A surrogate of time alone (Rathi 2020): exp(−β·Δt), with Δt the time-steps since the neuron's last spike before
 * this one. A neuron that has not fired yet counts as having fired 1,000 steps before the first.
 */
export interface SpikeTimeSurrogate {
  readonly kind: 'spike-time';
  readonly gamma: number;
  readonly divideByTheta: boolean;
  /** β ≥ 0, per time-step. */
  readonly beta: number;
}

/**
 * A surrogate of a neuron's whole spike train (Lee 2020): 1 + ln λ·a/n where the neuron spikes, 0 elsewhere, with
 * a = Σ λ^(T−t) over its n spikes. Between time-steps the gradient flows back as if λ were 1.
 */
export interface SpikeTrainSurrogate {
  readonly kind: 'spike-train';
  readonly gamma: number;
  readonly divideByTheta: boolean;
}

export interface GradientRequest extends Batch {
  readonly snn: Snn;
  readonly timeSteps?: number;
  readonly surrogate: Surrogate;
  /** Whether ∂u(t+1)/∂u(t) leaves out the reset's dependence on the spike: then it is λ, else λ(1 − θ·∂o/∂u). */
  readonly detachReset: boolean;
  /** Applies the architecture's dropout, one mask an image, the same at all time-steps. */
  readonly dropout: boolean;
  /**
   * The loss of one image and its gradient with respect to the logits (summed potential times the read-out's
   * scale). `image` counts from 0 within this call.
   */
  readonly loss: (logits: Float32Array, image: number) => LossValue;
  readonly wanted: {
    readonly parameters: boolean;
    readonly thresholds: boolean;
    readonly input: boolean;
  };
  /** Upper bound, in bytes, on what one thread keeps for the backward pass. */
  readonly memoryBudget?: number;
}

export interface LossValue {
  readonly value: number;
  readonly gradient: Float32Array;
}

export interface Gradients {
  /** Logits, [images, classes]. */
  readonly logits: Float32Array;
  /** Mean loss over the batch. */
  readonly loss: number;
  /** ∂(mean loss)/∂parameter, by parameter name; empty unless wanted. */
  readonly parameters: Readonly<Record<string, Float32Array>>;
  /** ∂(mean loss)/∂θ by layer name; empty unless wanted. */
  readonly thresholds: Readonly<Record<string, number>>;
  /**
   * Per image (not averaged), [images, height, width, channels]: the loss's gradient at the first layer's input
   * current, summed over time and taken back through the first weights (the deconvolution of Algorithm 3).
   */
  readonly input?: Float32Array;
  readonly activity: readonly LayerActivity[];
}
