import {
  biasOf,
  outputChannels,
  sourcesOf,
  spikingLayers,
  type Ann,
  type Architecture,
  type Layer,
  type Snn,
  type WeightedLayer,
} from '@privatesnn/core';
import type { TriedLayer } from '@privatesnn/spiking';

import type { Correction } from './calibrate.js';

/**
 * Biases in units of activations: b ← b + mean(a) − θ · mean(rate) (Li 2021). Of an add it is the bias of a linear layer
 * that it alone takes; one that takes none stays as it is.
 */
export class BiasCorrection implements Correction {
  /** The ANN with the biases as they are now; layers that had none have one. */
  ann: Ann;
  private readonly layers: ReadonlyMap<string, WeightedLayer>;

  /**
   * @param ann the weights, with biases in its own units
   * @param convert makes the spiking network of an ANN of other biases
   */
  constructor(
    ann: Ann,
    private readonly convert: (ann: Ann) => Snn,
  ) {
    this.layers = biasedLayers(ann.architecture);
    this.ann = ann;
    for (const layer of this.layers.values()) {
      this.ann = withBiases(this.ann, layer, biasesOf(this.ann, layer));
    }
  }

  numbers(name: string): Float64Array | undefined {
    const layer = this.layers.get(name);
    return layer && biasesOf(this.ann, layer);
  }

  effect(): number {
    return 1;
  }

  set(name: string, biases: Float64Array): TriedLayer {
    this.ann = withBiases(this.ann, this.layers.get(name)!, biases);
    return { parameters: this.convert(this.ann).parameters };
  }
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
