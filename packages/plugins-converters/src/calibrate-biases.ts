import {
  biasOf,
  layerShapes,
  outputChannels,
  pixelsIn,
  sourcesOf,
  spikingLayers,
  type Ann,
  type Architecture,
  type Images,
  type Snn,
  type WeightedLayer,
} from '@privatesnn/core';
import type { SpikingEngine } from '@privatesnn/spiking';

import { upToLayer } from './up-to-layer.js';

/** Corrections of each layer: what the first leaves, as rates are rounded and cut off, the second takes. */
const corrections = 2;
/** Spikes of one layer that are held at once, in bytes. */
const rasterBudget = 64e6;

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
 * Of an add it is the bias of a linear layer that it takes; one that takes none stays as it is.
 *
 * @returns the ANN with corrected biases; layers that had none have one
 */
export async function calibrateBiases(calibration: BiasCalibration): Promise<Ann> {
  const { means, units, convert, onProgress } = calibration;
  let { ann } = calibration;
  const layers = biasedLayers(ann.architecture);
  for (const [at, { name, layer }] of layers.entries()) {
    const missingOf = async (biases: Float64Array) => {
      const snn = convert(withBiases(ann, layer, biases));
      const rates = await channelRates(calibration, upToLayer(snn, name), name);
      return rates.map((rate, c) => means[name]![c]! - units[name]! * rate);
    };
    const given = biasOf(ann.parameters, layer)?.data;
    const best = new Float64Array(outputChannels(layer)).map((_, c) => given?.[c] ?? 0);
    const missing = await missingOf(best);
    for (let round = 1; round <= corrections; round++) {
      const tried = best.map((bias, c) => bias + missing[c]!);
      const left = await missingOf(tried);
      // Channels of a layer do not depend on each other, so each keeps its better bias.
      left.forEach((value, c) => {
        if (Math.abs(value) < Math.abs(missing[c]!)) [best[c], missing[c]] = [tried[c]!, value];
      });
      onProgress(corrections * at + round, corrections * layers.length);
    }
    ann = withBiases(ann, layer, best);
  }
  return ann;
}

/** The layers that spike, by name, and the layer whose bias is theirs. */
function biasedLayers(architecture: Architecture): { name: string; layer: WeightedLayer }[] {
  const sources = sourcesOf(architecture);
  return spikingLayers(architecture).flatMap((layer) => {
    if (layer.kind !== 'add') return [{ name: layer.name, layer }];
    const linear = sources[architecture.layers.indexOf(layer)]!.map(
      (place) => architecture.layers[place],
    ).find(
      (source): source is WeightedLayer =>
        (source?.kind === 'conv' || source?.kind === 'dense') && source.linear === true,
    );
    return linear ? [{ name: layer.name, layer: linear }] : [];
  });
}

/** Spikes a time-step of each channel of a layer, mean over images and pixels. */
async function channelRates(
  { engine, images, seed, signal }: BiasCalibration,
  snn: Snn,
  name: string,
): Promise<Float64Array> {
  const { architecture, timeSteps } = snn;
  const place = architecture.layers.findIndex((layer) => layer.name === name);
  const [height, width, channels] = layerShapes(architecture)[place]!;
  const neurons = height * width * channels;
  const count = images.shape[0];
  const batch = Math.max(1, Math.floor(rasterBudget / (neurons * timeSteps)));
  const spikes = new Float64Array(channels);
  for (let start = 0; start < count; start += batch) {
    const end = Math.min(count, start + batch);
    const { raster } = await engine.infer({
      snn,
      pixels: pixelsIn(images, snn.encoder.range, start, end),
      firstImage: start,
      seed,
      signal,
      raster: [name],
    });
    raster[name]!.forEach((spike, i) => (spikes[i % channels]! += spike));
  }
  return spikes.map((sum) => (sum * channels) / (count * timeSteps * neurons));
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
