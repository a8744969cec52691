import {
  biasOf,
  imagePlace,
  sourcesOf,
  spikingLayers,
  summingLayers,
  weightedLayers,
  type Architecture,
  type Layer,
  type Parameter,
  type Parameters,
} from '@privatesnn/core';

/** What an add or a concat multiplies each of its inputs with, by its name; 1 where a layer is left out. */
export type Gains = Readonly<Record<string, readonly number[]>>;

/** What one unit of each layer's input and output stands for in the ANN. */
export interface LayerUnits {
  /** Of what each layer takes, in the order of the list; of an add's and a concat's inputs all, after their gains. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly gains: Gains;
}

/**
 * The units of a spiking network that keeps the ANN's weights: a number of the image stands for itself, a current for as
 * much as what it is made of, and a spike of layer l for Λ(l) = θ(l) times the unit of its current, as that many units
 * of current cause a spike. Along a chain Λ(l) = θ(1)·…·θ(l). What an add sums, and a concat puts side by side, may be
 * in several units: its inputs but the first get the gain Λ(i)/Λ(first), so that all are in the first one's. A layer
 * without a threshold is silent: its unit is Infinity, and the gain of what it gives 0.
 */
export function layerUnits(
  architecture: Architecture,
  thresholds: Readonly<Record<string, number>>,
): LayerUnits {
  const sources = sourcesOf(architecture);
  const spiking = new Set<Layer>(spikingLayers(architecture));
  const inputs: number[] = [];
  const outputs: number[] = [];
  const gains: Record<string, readonly number[]> = {};
  architecture.layers.forEach((layer, index) => {
    const units = sources[index]!.map((source) => (source === imagePlace ? 1 : outputs[source]!));
    const unit = units.find(Number.isFinite) ?? Infinity;
    if (layer.kind === 'add' || layer.kind === 'concat') {
      const found = units.map((one) => (Number.isFinite(one) ? one / unit : 0));
      if (found.some((gain) => gain !== 1)) gains[layer.name] = found;
    }
    inputs.push(unit);
    outputs.push(spiking.has(layer) ? unit * (thresholds[layer.name!] ?? Infinity) : unit);
  });
  return { inputs, outputs, gains };
}

/**
 * θ at which a neuron that spikes at every time-step stands for the largest activation of a clipped ReLU; undefined where
 * all that comes in is silent.
 */
export function clipThreshold(maximum: number, unit: number): number | undefined {
  return Number.isFinite(unit) ? Math.fround(maximum / unit) : undefined;
}

/** Thresholds times a factor, but for those of clipped ReLUs, which follow from what comes in. */
export function scaleThresholds(
  architecture: Architecture,
  thresholds: Readonly<Record<string, number>>,
  factor: number,
): Record<string, number> {
  const result: Record<string, number> = {};
  for (const layer of spikingLayers(architecture)) {
    const { name, maximum } = layer;
    if (maximum !== undefined) {
      const { inputs } = layerUnits(architecture, result);
      const threshold = clipThreshold(maximum, inputs[architecture.layers.indexOf(layer)]!);
      if (threshold !== undefined) result[name] = threshold;
    } else if (thresholds[name] !== undefined) {
      result[name] = Math.fround(factor * thresholds[name]);
    }
  }
  return result;
}

/** By the name of each layer that sums: the unit of its current. */
export function currentUnits(
  architecture: Architecture,
  thresholds: Readonly<Record<string, number>>,
): Record<string, number> {
  const { inputs } = layerUnits(architecture, thresholds);
  return Object.fromEntries(
    summingLayers(architecture).map((layer) => [
      layer.name,
      inputs[architecture.layers.indexOf(layer)]!,
    ]),
  );
}

/** The parameters of a spiking network, and the gains of its joins. */
export interface InRates {
  readonly parameters: Parameters;
  readonly gains?: Gains | undefined;
}

/**
 * An ANN's parameters in units of spike rates (see layerUnits): its weights as they are, its biases divided by the unit
 * of their current, so that they stay in proportion to W·rates, and the gains that its adds and concats need.
 */
export function toRates(
  architecture: Architecture,
  parameters: Parameters,
  thresholds: Readonly<Record<string, number>>,
): InRates {
  const { gains } = layerUnits(architecture, thresholds);
  const units = currentUnits(architecture, thresholds);
  return {
    parameters: withBiases(architecture, parameters, (b, layer) => b / units[layer]!),
    ...(Object.keys(gains).length > 0 ? { gains } : {}),
  };
}

/** The inverse of `toRates`: biases b · Λ. */
export function fromRates(
  architecture: Architecture,
  parameters: Parameters,
  thresholds: Readonly<Record<string, number>>,
): Parameters {
  const units = currentUnits(architecture, thresholds);
  return withBiases(architecture, parameters, (b, layer) => b * units[layer]!);
}

function withBiases(
  architecture: Architecture,
  parameters: Parameters,
  change: (bias: number, layer: string) => number,
): Parameters {
  const result: Record<string, Parameter> = { ...parameters };
  for (const layer of weightedLayers(architecture)) {
    const bias = biasOf(parameters, layer);
    if (!bias) continue;
    result[`${layer.name}.bias`] = {
      shape: bias.shape,
      data: bias.data.map((b) => change(b, layer.name)),
    };
  }
  return result;
}
