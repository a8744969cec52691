import type { Architecture, WeightedLayer } from './artefacts/architecture.js';
import type { Parameter, Parameters } from './artefacts/parameters.js';

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
      ? [layer.kernel, layer.kernel, layer.inChannels, channels]
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

/** Output shape [height, width, channels] of each layer; flat layers give [1, 1, size]. Throws where layers do not fit. */
export function layerShapes(architecture: Architecture): [number, number, number][] {
  let [height, width, channels] = architecture.inputShape;
  return architecture.layers.map((layer) => {
    switch (layer.kind) {
      case 'conv':
        expect(layer.name, 'input channels', layer.inChannels, channels);
        height = Math.floor((height + 2 * layer.padding - layer.kernel) / layer.stride) + 1;
        width = Math.floor((width + 2 * layer.padding - layer.kernel) / layer.stride) + 1;
        channels = layer.outChannels;
        break;
      case 'dense':
        expect(layer.name, 'inputs', layer.inputs, height * width * channels);
        [height, width, channels] = [1, 1, layer.outputs];
        break;
      case 'average-pool':
      case 'max-pool':
        height = Math.floor(height / layer.size);
        width = Math.floor(width / layer.size);
        break;
      case 'flatten':
        [height, width, channels] = [1, 1, height * width * channels];
        break;
      case 'dropout':
        break;
    }
    if (height < 1 || width < 1) {
      throw new Error(
        `${architecture.name}: a ${layer.kind} layer is left with ${height} × ${width} pixels; ` +
          `the input ${architecture.inputShape.join(' × ')} is too small for this network.`,
      );
    }
    return [height, width, channels];
  });
}

function expect(name: string, what: string, declared: number, actual: number): void {
  if (declared !== actual) {
    throw new Error(`Layer "${name}" declares ${declared} ${what}, but receives ${actual}.`);
  }
}
