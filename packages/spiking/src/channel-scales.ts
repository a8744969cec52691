import {
  biasOf,
  imagePlace,
  layerShapes,
  sourcesOf,
  spikingLayers,
  weightedLayers,
  weightOf,
  type Architecture,
  type Layer,
  type Parameter,
  type Parameters,
  type WeightedLayer,
} from '@privatesnn/core';

/*
 * Thresholds of single channels. A neuron with the weights w and the threshold θ(c) fires when one with the weights
 * w·θ/θ(c) and the threshold θ does. So a layer whose channels have thresholds of their own is one with a single
 * threshold and scaled weights: nothing that runs, trains, stores or attacks a network needs to know of them.
 */

/** By the name of a layer, a factor > 0 for each of its channels. */
export type ChannelFactors = Readonly<Record<string, ArrayLike<number>>>;

/**
 * The layers whose channels may be scaled one by one: convolutions and dense layers with an unclipped ReLU whose output
 * reaches weights only. What an add takes must be in one unit.
 */
export function scalableLayers(architecture: Architecture): WeightedLayer[] {
  const spiking = new Set<Layer>(spikingLayers(architecture));
  const scalable = new Set<WeightedLayer>();
  /** By layer: those whose channels are still told apart in its output. */
  const carried: ReadonlySet<WeightedLayer>[] = [];
  const sources = sourcesOf(architecture);
  architecture.layers.forEach((layer, index) => {
    const before = sources[index]!.flatMap((source) =>
      source === imagePlace ? [] : [...carried[source]!],
    );
    if (layer.kind === 'add') {
      for (const one of before) scalable.delete(one);
      carried.push(new Set());
    } else if (layer.kind === 'conv' || layer.kind === 'dense') {
      const own = spiking.has(layer) && layer.maximum === undefined;
      if (own) scalable.add(layer);
      carried.push(new Set(own ? [layer] : []));
    } else {
      carried.push(new Set(before));
    }
  });
  return weightedLayers(architecture).filter((layer) => scalable.has(layer));
}

/**
 * Divides the activations of channels by their factors, and multiplies the weights that take them: the network computes
 * the same (Nagel 2019, cross-layer equalisation).
 *
 * @param factors of scalable layers; 1 where a layer is left out
 */
export function scaleChannels(
  architecture: Architecture,
  parameters: Parameters,
  factors: ChannelFactors,
): Parameters {
  const result: Record<string, Parameter> = { ...parameters };
  const shapes = layerShapes(architecture);
  const sources = sourcesOf(architecture);
  /** By layer: what each channel of its output was divided by; undefined for 1. */
  const divided: (ArrayLike<number> | undefined)[] = [];
  architecture.layers.forEach((layer, index) => {
    const before = sources[index]!.map((source) =>
      source === imagePlace ? undefined : divided[source],
    );
    const [input] = before;
    switch (layer.kind) {
      case 'conv':
      case 'dense': {
        const own = factors[layer.name];
        if (input ?? own) Object.assign(result, scaled(layer, parameters, input, own));
        divided.push(own);
        return;
      }
      case 'concat':
        divided.push(
          before.some(Boolean)
            ? before.flatMap((one, k) => Array.from(one ?? ones(channelsOf(sources[index]![k]!))))
            : undefined,
        );
        return;
      case 'flatten': {
        const [, , size] = shapes[index]!;
        divided.push(input && Array.from({ length: size }, (_, i) => input[i % input.length]!));
        return;
      }
      case 'shortcut':
        divided.push(input && [...ones(layer.before), ...Array.from(input), ...ones(layer.after)]);
        return;
      case 'add':
        if (before.some(Boolean)) {
          throw new RangeError(`Channels that add "${layer.name}" takes cannot be scaled.`);
        }
        divided.push(undefined);
        return;
      default:
        divided.push(input);
    }
  });
  return result;

  function channelsOf(place: number): number {
    return place === imagePlace ? architecture.inputShape[2] : shapes[place]![2];
  }
}

const ones = (count: number) => new Array<number>(count).fill(1);

/** A layer's parameters, with inputs multiplied by `input` and outputs divided by `own`. */
function scaled(
  layer: WeightedLayer,
  parameters: Parameters,
  input: ArrayLike<number> | undefined,
  own: ArrayLike<number> | undefined,
): Record<string, Parameter> {
  const { shape, data } = weightOf(parameters, layer);
  const [rows, outputs] = [shape.at(-2)!, shape.at(-1)!];
  // The inputs of a group of outputs are a part of all.
  const groups = layer.kind === 'conv' ? (layer.groups ?? 1) : 1;
  const weight = data.map((w, i) => {
    const output = i % outputs;
    const group = Math.floor((output * groups) / outputs);
    const from = group * rows + (Math.floor(i / outputs) % rows);
    // A dense layer over several pixels takes their channels in turns.
    return (w * (input?.[from % input.length] ?? 1)) / (own?.[output] ?? 1);
  });
  const bias = biasOf(parameters, layer);
  return {
    [`${layer.name}.weight`]: { shape, data: weight },
    ...(bias
      ? {
          [`${layer.name}.bias`]: {
            shape: bias.shape,
            data: bias.data.map((b, output) => b / (own?.[output] ?? 1)),
          },
        }
      : {}),
  };
}
