import {
  biasOf,
  outputChannels,
  pixelsIn,
  sourcesOf,
  spikingLayers,
  type Ann,
  type Architecture,
  type Images,
  type Layer,
  type Snn,
  type WeightedLayer,
} from '@privatesnn/core';
import type { SpikingEngine } from '@privatesnn/spiking';

/** Corrections of each layer: what the first leaves, as rates are rounded and cut off, the second takes. */
const corrections = 2;

/** What a network's neurons are to give, and how they are asked. */
export interface BiasCalibration {
  readonly engine: SpikingEngine;
  /** The ANN's weights, with biases in its own units. */
  readonly ann: Ann;
  /** θ of each spiking layer in units of activations: what a rate of one spike a time-step stands for. */
  readonly units: Readonly<Record<string, number>>;
  /** Mean activation of each channel of the ANN, by layer. */
  readonly means: Readonly<Record<string, Float64Array>>;
  /** Makes the spiking network of an ANN of other biases. */
  readonly convert: (ann: Ann) => Snn;
  readonly images: Images;
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * Corrects biases so that mean rates follow mean activations (Li 2021): of layer after layer, channel by channel,
 * b ← b + mean(a) − θ · mean(rate), where that brings them closer. The rates are those of the spiking network whose
 * layers before have been corrected, so that what these still do wrong is made good too.
 *
 * Of an add it is the bias of a linear layer that it alone takes; one that takes none stays as it is.
 *
 * @returns the ANN with corrected biases; layers that had none have one
 */
export async function calibrateBiases(calibration: BiasCalibration): Promise<Ann> {
  const { engine, means, units, convert, images, seed, signal, onProgress } = calibration;
  const layers = biasedLayers(calibration.ann.architecture);
  let ann = calibration.ann;
  for (const layer of layers.values()) ann = withBiases(ann, layer, biasesOf(ann, layer));
  const snn = convert(ann);
  await engine.sweepLayers({
    ...{ snn, pixels: pixelsIn(images, snn.encoder.range), seed, signal, onProgress },
    async atLayer(name, rates) {
      const layer = layers.get(name);
      if (!layer) return;
      const missingOf = async (biases: Float64Array) => {
        const found = await rates({
          parameters: convert(withBiases(ann, layer, biases)).parameters,
        });
        return found.map((rate, c) => means[name]![c]! - units[name]! * rate);
      };
      const best = biasesOf(ann, layer);
      const missing = await missingOf(best);
      for (let round = 1; round <= corrections; round++) {
        const tried = best.map((bias, c) => bias + missing[c]!);
        const left = await missingOf(tried);
        // Channels of a layer do not depend on each other, so each keeps its better bias.
        left.forEach((value, c) => {
          if (Math.abs(value) < Math.abs(missing[c]!)) [best[c], missing[c]] = [tried[c]!, value];
        });
      }
      ann = withBiases(ann, layer, best);
      await rates({ parameters: convert(ann).parameters });
    },
  });
  return ann;
}

/** By the name of each layer that spikes, the layer whose bias is its own. */
function biasedLayers(architecture: Architecture): Map<string, WeightedLayer> {
  const sources = sourcesOf(architecture);
  const layers = new Map<string, WeightedLayer>();
  for (const layer of spikingLayers(architecture)) {
    const add = architecture.layers.indexOf(layer);
    // Another bias of what others take too would change layers that have been corrected.
    const own = sources[add]!.filter((place) =>
      sources.every((from, taker) => taker === add || !from.includes(place)),
    );
    const biased =
      layer.kind === 'add' ? own.map((place) => architecture.layers[place]).find(isLinear) : layer;
    if (biased) layers.set(layer.name, biased);
  }
  return layers;
}

function isLinear(layer: Layer | undefined): layer is WeightedLayer {
  return (layer?.kind === 'conv' || layer?.kind === 'dense') && layer.linear === true;
}

/** A layer's biases; zeros where it has none. */
function biasesOf({ parameters }: Ann, layer: WeightedLayer): Float64Array {
  const given = biasOf(parameters, layer)?.data;
  return new Float64Array(outputChannels(layer)).map((_, c) => given?.[c] ?? 0);
}

/** The network with these biases of a layer. */
function withBiases(ann: Ann, layer: WeightedLayer, biases: Float64Array): Ann {
  return {
    ...ann,
    architecture: {
      ...ann.architecture,
      layers: ann.architecture.layers.map((other) =>
        other.name === layer.name ? { ...layer, bias: true } : other,
      ),
    },
    parameters: {
      ...ann.parameters,
      [`${layer.name}.bias`]: { shape: [biases.length], data: Float32Array.from(biases) },
    },
  };
}
