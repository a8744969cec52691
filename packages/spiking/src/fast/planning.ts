import {
  imagePlace,
  layerShapes,
  layerText,
  sourcesOf,
  spikingLayers,
  summingLayers,
  UserError,
  windowOf,
  type AddLayer,
  type Architecture,
  type ConcatLayer,
  type ConvLayer,
  type Layer,
  type LayerShape,
  type PoolLayer,
  type WeightedLayer,
} from '@privatesnn/core';

import { averageDivisor, isPadded } from '../average-divisor.js';
import type {
  Plan,
  PlannedInput,
  PlannedLayer,
  PlannedPart,
  PlannedPool,
  PlannedWindow,
  Shape,
  Transition,
} from './plan.js';

/** What the kernels cannot compute of a network. */
export class BeyondKernels extends UserError {
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

/**
 * Spikes, or the currents of linear layers, on their way, those of several layers side by side; `flat`: whether all
 * pixels then become one.
 */
interface Output {
  readonly kind: 'output';
  readonly parts: readonly [PlannedPart, ...PlannedPart[]];
  readonly flat: boolean;
}

/** A spike in the middle of windows that leave their padding out of the mean is so many at most: more cost too much. */
const mostWeighted = 16;

/** What a layer gives to those that take it. */
type Value =
  | Output
  /** Of a linear layer that an add alone takes: part of the add. */
  | { readonly kind: 'current'; readonly input: PlannedInput; readonly bias: boolean }
  /** Spikes on their way past: a part of the pixels, with channels of zeros. */
  | { readonly kind: 'shortcut'; readonly input: PlannedInput };

/** Makes the plan of one network. */
export class Planning {
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
        const { name, bias } = layer;
        const input = this.weightedInput(layer, index);
        const linear = !spikes && !last;
        if (linear && this.isOfAdd(index)) return { kind: 'current', input, bias };
        return this.planned(name, index, { ...input, bias, last, linear, beside: [] });
      }
      case 'add':
        return this.added(layer, index, { last, linear: !spikes && !last });
      case 'average-pool':
      case 'max-pool':
        return this.pooled(this.outputFor(layer, index), layer, index);
      case 'dropout': {
        const dropout = { rate: layer.rate, layer: this.firstLayer + index };
        return eachPart(this.outputFor(layer, index), ({ shape, before }) => {
          const pool = (before.maxPools[0]?.kernelHeight ?? 1) * before.averagePool;
          return {
            shape,
            before: { ...before, dropouts: [...before.dropouts, { ...dropout, pool }] },
          };
        });
      }
      case 'flatten':
        return flattened(this.outputFor(layer, index));
      case 'shortcut': {
        const input = identityOf(this.outputFor(layer, index));
        const window = { strideY: layer.stride, strideX: layer.stride };
        return { kind: 'shortcut', input: { ...input, ...window, offset: layer.before } };
      }
      case 'concat':
        return this.concatenated(layer, index);
    }
  }

  /** Whether one add takes a layer, and nothing else does. */
  private isOfAdd(index: number): boolean {
    const { layers } = this.architecture;
    const takers = this.sources.flatMap((sources, taker) =>
      sources.filter((source) => source === index).map(() => layers[taker]!.kind),
    );
    return takers.length === 1 && takers[0] === 'add';
  }

  /** Appends a planned layer; its value is what it gives. */
  private planned(name: string, index: number, rest: Omit<PlannedLayer, 'name' | 'output'>): Value {
    const output = this.shapes[index]!;
    const place = this.layers.length;
    const others = [...rest.joined, ...rest.beside.flatMap((one) => [one, ...one.joined])];
    const later = place === 0 ? others : [rest, ...others];
    if (later.some(({ from }) => from === imagePlace)) {
      this.beyond(`${layerText(this.architecture.layers[index]!, index)}, which takes the image`);
    }
    this.layers.push({ name, output, ...rest });
    return outputOf(place, output);
  }

  private weightedInput(layer: WeightedLayer, index: number): PlannedInput {
    const output = this.outputFor(layer, index);
    const named = { weighted: layer.name, counted: layer.name };
    if (layer.kind === 'dense') return { ...identityOf(flattened(output)), ...named };
    const { dilation } = windowOf(layer);
    return {
      ...identityOf(output),
      ...named,
      ...plannedWindow(layer),
      ...{ dilation, groups: layer.groups ?? 1 },
    };
  }

  private added(
    layer: AddLayer,
    index: number,
    kind: Pick<PlannedLayer, 'last' | 'linear'>,
  ): Value {
    const inputs = this.sources[index]!.map((source, place): PlannedInput & { bias: boolean } => {
      const value = this.value(source);
      const counted = layer.name;
      switch (value.kind) {
        case 'current':
          return { ...value.input, place, bias: value.bias };
        case 'shortcut':
          return { ...value.input, counted, place, bias: false };
        case 'output':
          return { ...identityOf(value), counted, place, bias: false };
      }
    });
    const first = Math.max(
      0,
      inputs.findIndex(({ weighted }) => weighted !== undefined),
    );
    const beside = inputs.filter((_, i) => i !== first).map(({ bias: _, ...input }) => input);
    const bias = inputs.some((input) => input.bias);
    return this.planned(layer.name, index, { ...inputs[first]!, bias, ...kind, beside });
  }

  private concatenated({ name }: ConcatLayer, index: number): Value {
    const layer = this.architecture.layers[index]!;
    const parts = this.sources[index]!.flatMap((source, place): PlannedPart[] => {
      const value = this.value(source);
      if (value.kind !== 'output') this.beyondShortcut(layer, index);
      if (value.flat) this.beyond(`${layerText(layer, index)} of flattened concats`);
      return value.parts.map((part) => ({
        ...part,
        concats: [...part.concats, { name, place }],
      }));
    });
    const [first, ...others] = parts as [PlannedPart, ...PlannedPart[]];
    return { kind: 'output', parts: [first, ...others], flat: false };
  }

  private pooled(output: Output, layer: PoolLayer, index: number): Output {
    const text = layerText(layer, index);
    const window = plannedWindow(layer);
    const { height: outHeight, width: outWidth } = this.shapes[index]!;
    const pool = { ...window, outHeight, outWidth };
    if (output.flat) this.beyond(`${text} of a flattened concat`);
    return eachPart(output, ({ from, before, shape: size }) => {
      const shape = { ...size, height: outHeight, width: outWidth };
      if (before.flat) this.beyond(`${text} after a flatten layer`);
      if (layer.kind === 'max-pool') {
        if (from === imagePlace) this.beyond('max-pooling of the input');
        if (before.averagePool > 1 || before.averages.length > 0) {
          this.beyond('max-pooling of averages');
        }
        if (layer.gated && this.layers[from]!.linear) this.beyond(`gated ${text} of currents`);
        const maxPools = [...before.maxPools, { ...pool, gated: layer.gated === true }];
        return { shape, before: { ...before, maxPools } };
      }
      if (before.averages.some(({ isWeighted }) => isWeighted)) {
        this.beyond(`${text} of means that leave their padding out`);
      }
      if (isPlain(pool, size) && before.averages.length === 0) {
        const averagePool = before.averagePool * window.kernelHeight;
        return { shape, before: { ...before, averagePool } };
      }
      if (from === imagePlace) this.beyond(`the windows of ${text} of the input`);
      const divisor = averageDivisor(layer, size);
      const area = window.kernelHeight * window.kernelWidth;
      if (divisor > mostWeighted * area) {
        this.beyond(`${text}, which leaves its padding out of means of ${area} pixels`);
      }
      const isWeighted = isPadded(layer) && layer.countPadded === false;
      const average = { ...pool, divisor, isWeighted };
      return { shape, before: { ...before, averages: [...before.averages, average] } };
    });
  }

  private value(place: number): Value {
    if (place !== imagePlace) return this.values[place]!;
    return outputOf(imagePlace, shapeOf(this.architecture.inputShape));
  }

  /** What a layer takes. */
  private outputFor(layer: Layer, index: number): Output {
    const value = this.value(this.sources[index]![0]!);
    return value.kind === 'output' ? value : this.beyondShortcut(layer, index);
  }

  private beyondShortcut(layer: Layer, index: number): never {
    this.beyond(`${layerText(layer, index)}, which takes a shortcut`);
  }

  private beyond(what: string): never {
    throw new BeyondKernels(this.architecture, what);
  }
}

/** Nothing. */
export const noTransition: Transition = {
  maxPools: [],
  averagePool: 1,
  averages: [],
  flat: false,
  dropouts: [],
};

/** One pixel. */
export const oneTap: PlannedWindow = {
  ...{ kernelHeight: 1, kernelWidth: 1, strideY: 1, strideX: 1 },
  ...{ top: 0, left: 0 },
};

/** Whether a pooling has square windows that neither overlap nor lie apart, and no padding. */
export function isPlain(pool: PlannedPool, { height, width }: Shape): boolean {
  const {
    kernelHeight: side,
    kernelWidth,
    strideY,
    strideX,
    top,
    left,
    outHeight,
    outWidth,
  } = pool;
  const isPadded = top > 0 || left > 0 || outHeight * side > height || outWidth * side > width;
  return [kernelWidth, strideY, strideX].every((size) => size === side) && !isPadded;
}

function plannedWindow(layer: ConvLayer | PoolLayer): PlannedWindow {
  const { kernel, stride, dilation, padding } = windowOf(layer);
  return {
    kernelHeight: (kernel[0] - 1) * dilation[0] + 1,
    kernelWidth: (kernel[1] - 1) * dilation[1] + 1,
    ...{ strideY: stride[0], strideX: stride[1], top: padding[0], left: padding[2] },
  };
}

function outputOf(from: number, source: Shape): Output {
  const part = { from, source, before: noTransition, shape: source, concats: [] };
  return { kind: 'output', parts: [part], flat: false };
}

function eachPart(
  output: Output,
  change: (part: PlannedPart) => Pick<PlannedPart, 'shape' | 'before'>,
): Output {
  const [first, ...others] = output.parts;
  const changed = (part: PlannedPart): PlannedPart => ({ ...part, ...change(part) });
  return { ...output, parts: [changed(first), ...others.map(changed)] };
}

function flattened(output: Output): Output {
  if (output.parts.length > 1) return { ...output, flat: true };
  return eachPart(output, ({ shape, before }) => ({
    shape: onePixel(shape),
    before: { ...before, flat: true },
  }));
}

/** What comes, as it is. */
function identityOf({ parts: [first, ...joined], flat }: Output): PlannedInput {
  const channels = joined.reduce((sum, { shape }) => sum + shape.channels, first.shape.channels);
  const all = { ...first.shape, channels };
  return {
    ...first,
    ...{ joined, joinedFlat: flat, input: flat ? onePixel(all) : all },
    ...oneTap,
    ...{ dilation: [1, 1], groups: 1, weighted: undefined, offset: 0, counted: '', place: 0 },
  };
}

function shapeOf([height, width, channels]: LayerShape | readonly [number, number, number]): Shape {
  return { height, width, channels };
}

function onePixel({ height, width, channels }: Shape): Shape {
  return { height: 1, width: 1, channels: height * width * channels };
}
