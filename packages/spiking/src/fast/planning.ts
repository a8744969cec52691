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

/** Spikes on their way, those of several layers side by side; `flat`: whether all pixels then become one. */
interface Spikes {
  readonly kind: 'spikes';
  readonly parts: readonly [PlannedPart, ...PlannedPart[]];
  readonly flat: boolean;
}

/** A spike in the middle of windows that leave their padding out of the mean is so many at most: more cost too much. */
const mostWeighted = 16;

/** What a layer gives to those that take it. */
type Value =
  | Spikes
  /** Of a linear layer: what an add takes. */
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
        const input = this.weightedInput(layer, index);
        if (!spikes && !last) return { kind: 'current', input, bias: layer.bias };
        return this.neurons(layer.name, index, { ...input, bias: layer.bias, last, beside: [] });
      }
      case 'add':
        if (!spikes && !last) this.beyond(`${layerText(layer, index)} without neurons`);
        return this.added(layer, index, last);
      case 'average-pool':
      case 'max-pool':
        return this.pooled(this.spikesFor(layer, index), layer, index);
      case 'dropout': {
        const dropout = { rate: layer.rate, layer: this.firstLayer + index };
        return eachPart(this.spikesFor(layer, index), ({ shape, before }) => {
          const pool = (before.maxPools[0]?.kernelHeight ?? 1) * before.averagePool;
          return {
            shape,
            before: { ...before, dropouts: [...before.dropouts, { ...dropout, pool }] },
          };
        });
      }
      case 'flatten':
        return flattened(this.spikesFor(layer, index));
      case 'shortcut': {
        const input = identityOf(this.spikesFor(layer, index));
        const window = { strideY: layer.stride, strideX: layer.stride };
        return { kind: 'shortcut', input: { ...input, ...window, offset: layer.before } };
      }
      case 'concat':
        return this.concatenated(layer, index);
    }
  }

  /** Appends a planned layer; its value is its spikes. */
  private neurons(name: string, index: number, rest: Omit<PlannedLayer, 'name' | 'output'>): Value {
    const output = this.shapes[index]!;
    const place = this.layers.length;
    const others = [...rest.joined, ...rest.beside.flatMap((one) => [one, ...one.joined])];
    const later = place === 0 ? others : [rest, ...others];
    if (later.some(({ from }) => from === imagePlace)) {
      this.beyond(`${layerText(this.architecture.layers[index]!, index)}, which takes the image`);
    }
    this.layers.push({ name, output, ...rest });
    return spikesOf(place, output);
  }

  private weightedInput(layer: WeightedLayer, index: number): PlannedInput {
    const spikes = this.spikesFor(layer, index);
    const named = { weighted: layer.name, counted: layer.name };
    if (layer.kind === 'dense') return { ...identityOf(flattened(spikes)), ...named };
    const { dilation } = windowOf(layer);
    return {
      ...identityOf(spikes),
      ...named,
      ...plannedWindow(layer),
      ...{ dilation, groups: layer.groups ?? 1 },
    };
  }

  private added(layer: AddLayer, index: number, last: boolean): Value {
    const inputs = this.sources[index]!.map((source, place): PlannedInput & { bias: boolean } => {
      const value = this.value(source);
      const counted = layer.name;
      switch (value.kind) {
        case 'current':
          if (this.sources.flat().filter((one) => one === source).length > 1) {
            const text = layerText(layer, index);
            this.beyond(`a linear layer that is taken twice, as by ${text}`);
          }
          return { ...value.input, place, bias: value.bias };
        case 'shortcut':
          return { ...value.input, counted, place, bias: false };
        case 'spikes':
          return { ...identityOf(value), counted, place, bias: false };
      }
    });
    const first = Math.max(
      0,
      inputs.findIndex(({ weighted }) => weighted !== undefined),
    );
    const beside = inputs.filter((_, i) => i !== first).map(({ bias: _, ...input }) => input);
    const bias = inputs.some((input) => input.bias);
    return this.neurons(layer.name, index, { ...inputs[first]!, bias, last, beside });
  }

  private concatenated({ name }: ConcatLayer, index: number): Value {
    const layer = this.architecture.layers[index]!;
    const parts = this.sources[index]!.flatMap((source, place): PlannedPart[] => {
      const value = this.value(source);
      if (value.kind !== 'spikes') this.beyondSpikes(layer, index);
      if (value.flat) this.beyond(`${layerText(layer, index)} of flattened concats`);
      return value.parts.map((part) => ({
        ...part,
        concats: [...part.concats, { name, place }],
      }));
    });
    const [first, ...others] = parts as [PlannedPart, ...PlannedPart[]];
    return { kind: 'spikes', parts: [first, ...others], flat: false };
  }

  private pooled(spikes: Spikes, layer: PoolLayer, index: number): Spikes {
    const text = layerText(layer, index);
    const window = plannedWindow(layer);
    const { height: outHeight, width: outWidth } = this.shapes[index]!;
    const pool = { ...window, outHeight, outWidth };
    if (spikes.flat) this.beyond(`${text} of a flattened concat`);
    return eachPart(spikes, ({ from, before, shape: size }) => {
      const shape = { ...size, height: outHeight, width: outWidth };
      if (before.flat) this.beyond(`${text} after a flatten layer`);
      if (layer.kind === 'max-pool') {
        if (from === imagePlace) this.beyond('max-pooling of the input');
        if (before.averagePool > 1 || before.averages.length > 0) {
          this.beyond('max-pooling of averages');
        }
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
    return spikesOf(imagePlace, shapeOf(this.architecture.inputShape));
  }

  /** The spikes that a layer takes. */
  private spikesFor(layer: Layer, index: number): Spikes {
    const value = this.value(this.sources[index]![0]!);
    return value.kind === 'spikes' ? value : this.beyondSpikes(layer, index);
  }

  private beyondSpikes(layer: Layer, index: number): never {
    this.beyond(`${layerText(layer, index)}, which takes what no neurons give`);
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

function spikesOf(from: number, source: Shape): Spikes {
  const part = { from, source, before: noTransition, shape: source, concats: [] };
  return { kind: 'spikes', parts: [part], flat: false };
}

function eachPart(
  spikes: Spikes,
  change: (part: PlannedPart) => Pick<PlannedPart, 'shape' | 'before'>,
): Spikes {
  const [first, ...others] = spikes.parts;
  const changed = (part: PlannedPart): PlannedPart => ({ ...part, ...change(part) });
  return { ...spikes, parts: [changed(first), ...others.map(changed)] };
}

function flattened(spikes: Spikes): Spikes {
  if (spikes.parts.length > 1) return { ...spikes, flat: true };
  return eachPart(spikes, ({ shape, before }) => ({
    shape: onePixel(shape),
    before: { ...before, flat: true },
  }));
}

/** Spikes as they are. */
function identityOf({ parts: [first, ...joined], flat }: Spikes): PlannedInput {
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
