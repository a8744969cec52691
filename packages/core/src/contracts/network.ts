/**
 * The layers of a feed-forward classifier, shared by an ANN and the spiking network made from it.
 *
 * Tensors are channels-last: images [height, width, channels], convolution weights
 * [kernel, kernel, inChannels, outChannels], dense weights [inputs, outputs]. Every weighted layer but the
 * last is followed by its non-linearity: ReLU in an ANN, spiking neurons in an SNN. The last weighted layer
 * gives the logits (ANN) or the integrated membrane potentials (SNN, no leak, no spike).
 */
export type Layer = ConvLayer | DenseLayer | PoolLayer | FlattenLayer | DropoutLayer;

/** A square convolution, padded by zeros. */
export interface ConvLayer {
  readonly kind: 'conv';
  /** Unique in its network; names the parameters `<name>.weight` and `<name>.bias`. */
  readonly name: string;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly bias: boolean;
}

/** A fully connected layer over a flat input. */
export interface DenseLayer {
  readonly kind: 'dense';
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly bias: boolean;
}

/** Pooling over `size` × `size` windows that do not overlap (stride = size). */
export interface PoolLayer {
  readonly kind: 'average-pool' | 'max-pool';
  readonly size: number;
}

/** [height, width, channels] → [height · width · channels], channels fastest. */
export interface FlattenLayer {
  readonly kind: 'flatten';
}

/** Drops units with probability `rate` while training; the identity otherwise. */
export interface DropoutLayer {
  readonly kind: 'dropout';
  readonly rate: number;
}

export type WeightedLayer = ConvLayer | DenseLayer;

/** A network without its parameters. */
export interface Architecture {
  /** For people: "VGG16". */
  readonly name: string;
  /** [height, width, channels] of the input. */
  readonly inputShape: readonly [number, number, number];
  readonly classes: number;
  readonly layers: readonly Layer[];
}

/** One named tensor, row-major. */
export interface Parameter {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Parameters by name: `<layer>.weight`, `<layer>.bias`. */
export type Parameters = Readonly<Record<string, Parameter>>;

/** The layers that hold weights, in order. */
export function weightedLayers(architecture: Architecture): WeightedLayer[] {
  return architecture.layers.filter(
    (layer): layer is WeightedLayer => layer.kind === 'conv' || layer.kind === 'dense',
  );
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
