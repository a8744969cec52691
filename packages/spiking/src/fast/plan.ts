import {
  imagePlace,
  layerShapes,
  layerText,
  sourcesOf,
  spikingLayers,
  squareWindow,
  summingLayers,
  UserError,
  type AddLayer,
  type Architecture,
  type ConvLayer,
  type Layer,
  type LayerShape,
  type SquareWindow,
  type WeightedLayer,
} from '@privatesnn/core';

import type { JointPart } from './joint.js';

/** What lies between an input of a layer and the neurons (or the image) that it comes from. */
export interface Transition {
  /** Size of the max-pooling windows; 1 for none. */
  readonly maxPool: number;
  /** Whether the max-pooling passes the spikes alone of the unit that has spiked most so far. */
  readonly gated: boolean;
  /** Size of the average-pooling windows, which come after the max-pooling; 1 for none. */
  readonly averagePool: number;
  /** Whether all pixels become one. */
  readonly flat: boolean;
  readonly dropouts: readonly PlannedDropout[];
}

export interface PlannedDropout {
  readonly rate: number;
  /** Its number in the whole network. */
  readonly layer: number;
  /** How many times smaller than the units before all pooling the dropout's input is. */
  readonly pool: number;
}

/** An input of a layer, as a convolution: dense ones of 1 × 1 and one pixel, spikes that an add takes as they are of 1 × 1. */
export interface PlannedInput extends SquareWindow {
  /** The planned layer whose spikes come in; -1 for the image. */
  readonly from: number;
  readonly before: Transition;
  /** The units that the transition starts from: that layer's, or the image's. */
  readonly source: Shape;
  readonly input: Shape;
  /** The layer that has its weights; undefined for an identity. */
  readonly weighted: string | undefined;
  /** Of an identity: how many channels of zeros are in front. */
  readonly offset: number;
  /** The layer that its synapses are counted with. */
  readonly counted: string;
  /** Its place among the inputs of the add; 0 where there is none. */
  readonly place: number;
}

/** A layer of neurons, or the last one, and what comes in. */
export interface PlannedLayer extends PlannedInput {
  readonly name: string;
  readonly output: Shape;
  /** Whether any input has a bias. */
  readonly bias: boolean;
  /** Integrates its current without spiking. */
  readonly last: boolean;
  /** A second input, the currents of which are added. */
  readonly beside?: PlannedInput;
  /** In training, in the place of a second input: both, side by side (joint.ts). */
  readonly joint?: readonly JointPart[];
}

export interface Shape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** A network as the kernels see it; plain data, for the worker threads. */
export interface Plan {
  readonly input: Shape;
  /** Size of the last layer's output. */
  readonly classes: number;
  readonly layers: readonly PlannedLayer[];
  /** Names of the layers that sum, in order. */
  readonly summing: readonly string[];
}

/** What the kernels cannot compute; undefined where they can compute all. */
export function beyondKernels(architecture: Architecture): string | undefined {
  try {
    planOf(architecture);
    return undefined;
  } catch (error) {
    if (error instanceof BeyondKernels) return error.what;
    throw error;
  }
}

/** What the kernels cannot compute of a network. */
class BeyondKernels extends UserError {
  constructor(
    { name }: Architecture,
    readonly what: string,
  ) {
    super(
      'configuration',
      'ENGINE_LAYERS',
      `The spiking engine cannot compute ${what}, which ${name} has.`,
      { hint: 'Change the architecture, or set PRIVATESNN_ENGINE=reference (slow).' },
    );
  }
}

/** What a layer gives to those that take it. */
type Value =
  | {
      readonly kind: 'spikes';
      readonly from: number;
      readonly source: Shape;
      readonly before: Transition;
    }
  /** Of a linear layer: what an add takes. */
  | { readonly kind: 'current'; readonly input: PlannedInput; readonly bias: boolean }
  /** Spikes on their way past: a part of the pixels, with channels of zeros. */
  | { readonly kind: 'shortcut'; readonly input: PlannedInput };

/**
 * @param firstLayer the number of its first layer in the whole network, by which dropout draws its noise
 * @throws UserError for what the kernels cannot compute
 */
export function planOf(architecture: Architecture, firstLayer = 0): Plan {
  return new Planning(architecture, firstLayer).plan();
}

class Planning {
  private readonly shapes: Shape[];
  private readonly sources: number[][];
  private readonly layers: PlannedLayer[] = [];
  private readonly values: Value[] = [];

  constructor(
    private readonly architecture: Architecture,
    private readonly firstLayer: number,
  ) {
    this.shapes = layerShapes(architecture).map(shapeOf);
    this.sources = sourcesOf(architecture);
  }

  plan(): Plan {
    const { architecture } = this;
    const spiking = new Set<Layer>(spikingLayers(architecture));
    const summing = summingLayers(architecture);
    const last = summing.at(-1);
    architecture.layers.forEach((layer, index) => {
      this.values.push(this.valueOf(layer, index, spiking.has(layer), layer === last));
    });
    if (this.layers.length === 0) this.beyond('a network without weights');
    const { height, width, channels } = this.layers.at(-1)!.output;
    return {
      input: shapeOf(architecture.inputShape),
      classes: height * width * channels,
      layers: this.layers,
      summing: summing.map(({ name }) => name),
    };
  }

  private valueOf(layer: Layer, index: number, spikes: boolean, last: boolean): Value {
    switch (layer.kind) {
      case 'conv':
      case 'dense': {
        const input = this.weightedInput(layer, index);
        if (!spikes && !last) return { kind: 'current', input, bias: layer.bias };
        return this.neurons(layer.name, index, { ...input, bias: layer.bias, last });
      }
      case 'add':
        if (!spikes) this.beyond(`${layerText(layer, index)} without neurons`);
        return this.added(layer, index);
      case 'average-pool':
      case 'max-pool':
      case 'dropout':
      case 'flatten': {
        const value = this.spikesFor(layer, index);
        return { ...value, before: this.passed(value, layer, index) };
      }
      case 'shortcut': {
        const { from, before, source } = this.spikesFor(layer, index);
        const identity = { weighted: undefined, counted: '', place: 0, offset: layer.before };
        const window = { kernel: 1, stride: layer.stride, padding: 0 };
        const input = this.inputShape(index, before.flat);
        return { kind: 'shortcut', input: { from, before, source, input, ...window, ...identity } };
      }
      case 'concat':
        return this.beyond(layerText(layer, index));
    }
  }

  /** Appends a planned layer; its value is its spikes. */
  private neurons(name: string, index: number, rest: Omit<PlannedLayer, 'name' | 'output'>): Value {
    const output = this.shapes[index]!;
    const place = this.layers.length;
    for (const { from } of [rest, ...(rest.beside ? [rest.beside] : [])]) {
      if (from === imagePlace && (place > 0 || rest.beside?.from === imagePlace)) {
        this.beyond(`${layerText(this.architecture.layers[index]!, index)}, which takes the image`);
      }
    }
    this.layers.push({ name, output, ...rest });
    return { kind: 'spikes', from: place, source: output, before: noTransition };
  }

  private weightedInput(layer: WeightedLayer, index: number): PlannedInput {
    const { from, source, before } = this.spikesFor(layer, index);
    const flat = layer.kind === 'dense' || before.flat;
    if (layer.kind === 'conv' && before.flat && this.windowOf(layer, index).kernel > 1) {
      this.beyond(`convolution "${layer.name}" after a flatten layer`);
    }
    return {
      from,
      before: { ...before, flat },
      source,
      input: this.inputShape(index, flat),
      ...(layer.kind === 'dense' ? oneTap : this.windowOf(layer, index)),
      weighted: layer.name,
      offset: 0,
      counted: layer.name,
      place: 0,
    };
  }

  private added(layer: AddLayer, index: number): Value {
    const sources = this.sources[index]!;
    const text = layerText(layer, index);
    if (sources.length !== 2) this.beyond(`${text} of ${sources.length} inputs`);
    const inputs = sources.map((source, place): PlannedInput & { bias: boolean } => {
      const value = this.value(source);
      if (value.kind === 'current') {
        if (this.sources.flat().filter((one) => one === source).length > 1) {
          this.beyond(`a linear layer that is taken twice, as by ${text}`);
        }
        return { ...value.input, place, bias: value.bias };
      }
      if (value.kind === 'shortcut') {
        return { ...value.input, counted: layer.name, place, bias: false };
      }
      const { from, before, source: units } = value;
      const identity = { weighted: undefined, offset: 0, counted: layer.name, place };
      const input =
        source === imagePlace ? shapeOf(this.architecture.inputShape) : this.shapes[source]!;
      return { from, before, source: units, input, ...oneTap, ...identity, bias: false };
    });
    const [first, second] = inputs as [
      PlannedInput & { bias: boolean },
      PlannedInput & { bias: boolean },
    ];
    const [primary, beside] = first.weighted === undefined ? [second, first] : [first, second];
    const { bias: besideBias, ...other } = beside;
    return this.neurons(layer.name, index, {
      ...primary,
      bias: primary.bias || besideBias,
      last: false,
      beside: other,
    });
  }

  /** What is between the neurons and what takes this layer. */
  private passed(
    { from, before }: Extract<Value, { kind: 'spikes' }>,
    layer: Layer,
    index: number,
  ): Transition {
    switch (layer.kind) {
      case 'average-pool':
        return { ...before, averagePool: before.averagePool * this.windowOf(layer, index).kernel };
      case 'max-pool': {
        if (from === imagePlace) this.beyond('max-pooling of the input');
        if (before.averagePool > 1) this.beyond('max-pooling of averages');
        if (before.maxPool > 1) this.beyond('two max-pooling layers in a row');
        const { kernel } = this.windowOf(layer, index);
        return { ...before, maxPool: kernel, gated: layer.gated === true };
      }
      case 'flatten':
        return { ...before, flat: true };
      case 'dropout': {
        const pool = before.maxPool * before.averagePool;
        return {
          ...before,
          dropouts: [
            ...before.dropouts,
            { rate: layer.rate, layer: this.firstLayer + index, pool },
          ],
        };
      }
      default:
        return before;
    }
  }

  private value(place: number): Value {
    if (place !== imagePlace) return this.values[place]!;
    const source = shapeOf(this.architecture.inputShape);
    return { kind: 'spikes', from: imagePlace, source, before: noTransition };
  }

  /** The spikes that a layer takes. */
  private spikesFor(layer: Layer, index: number): Extract<Value, { kind: 'spikes' }> {
    const value = this.value(this.sources[index]![0]!);
    if (value.kind !== 'spikes') {
      this.beyond(`${layerText(layer, index)}, which takes what no neurons give`);
    }
    return value;
  }

  private inputShape(index: number, flat: boolean): Shape {
    const [source] = this.sources[index]!;
    const shape =
      source === imagePlace ? shapeOf(this.architecture.inputShape) : this.shapes[source!]!;
    return flat ? flattened(shape) : shape;
  }

  /** The window of a layer that the kernels know: square ones, of poolings without overlap. */
  private windowOf(
    layer: ConvLayer | Extract<Layer, { size: unknown }>,
    index: number,
  ): SquareWindow {
    const window = squareWindow(layer);
    const isKnown =
      layer.kind === 'conv'
        ? (layer.groups ?? 1) === 1
        : window?.stride === window?.kernel && window?.padding === 0;
    if (!window || !isKnown) this.beyond(`the windows of ${layerText(layer, index)}`);
    return window;
  }

  private beyond(what: string): never {
    throw new BeyondKernels(this.architecture, what);
  }
}

/** Nothing. */
export const noTransition: Transition = {
  maxPool: 1,
  gated: false,
  averagePool: 1,
  flat: false,
  dropouts: [],
};
/** One pixel. */
export const oneTap: SquareWindow = { kernel: 1, stride: 1, padding: 0 };

function shapeOf([height, width, channels]: LayerShape | readonly [number, number, number]): Shape {
  return { height, width, channels };
}

function flattened({ height, width, channels }: Shape): Shape {
  return { height: 1, width: 1, channels: height * width * channels };
}
