import type { Architecture, WeightedLayer } from './artefacts/architecture.js';
import type { Parameter, Parameters } from './artefacts/parameters.js';
import { windowOf } from './graph.js';

/** The layers that hold weights, in order. */
export function weightedLayers(architecture: Architecture): WeightedLayer[] {
  return architecture.layers.filter(
    (layer): layer is WeightedLayer => layer.kind === 'conv' || layer.kind === 'dense',
  );
}

/** Channels (of a convolution) or units (of a dense layer) that a layer gives. */
export function outputChannels(layer: WeightedLayer): number {
  return layer.kind === 'conv' ? layer.outChannels : layer.outputs;
}

/** The shapes of a layer's parameters, by their names. */
export function parameterShapes(layer: WeightedLayer): Record<string, number[]> {
  const { name, bias } = layer;
  const channels = outputChannels(layer);
  const weight =
    layer.kind === 'conv'
      ? [...windowOf(layer).kernel, layer.inChannels / (layer.groups ?? 1), channels]
      : [layer.inputs, channels];
  return { [`${name}.weight`]: weight, ...(bias ? { [`${name}.bias`]: [channels] } : {}) };
}

/** The weight of a layer; throws when the network lacks it. */
export function weightOf(parameters: Parameters, layer: WeightedLayer): Parameter {
  return parameterOf(parameters, `${layer.name}.weight`);
}

/** The bias of a layer, or undefined where the layer has none. */
export function biasOf(parameters: Parameters, layer: WeightedLayer): Parameter | undefined {
  return layer.bias ? parameterOf(parameters, `${layer.name}.bias`) : undefined;
}

function parameterOf(parameters: Parameters, name: string): Parameter {
  const parameter = parameters[name];
  if (!parameter) {
    throw new Error(
      `The network has no parameter "${name}"; it has ${Object.keys(parameters).join(', ')}.`,
    );
  }
  return parameter;
}
