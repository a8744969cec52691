import type {
  Architecture,
  ConvLayer,
  Layer,
  PoolLayer,
  SummingLayer,
} from './artefacts/architecture.js';

/** The name of the image among a layer's sources. */
export const imageName = 'input';

/** The source of a layer that takes the image. */
export const imagePlace = -1;

/** For messages: `conv "conv1"`, or `layer 3 (flatten)` where it has no name. */
export function layerText(layer: Layer, index: number): string {
  return layer.name === undefined
    ? `layer ${index + 1} (${layer.kind})`
    : `${layer.kind} "${layer.name}"`;
}

/**
 * The layers that each layer takes, as places in the list; -1 for the image. Throws where a name is unknown, comes
 * later or stands for two layers, where a layer has too few or too many, and where an output goes nowhere.
 */
export function sourcesOf({ layers }: Pick<Architecture, 'layers'>): number[][] {
  const places = new Map<string, number>([[imageName, imagePlace]]);
  const used = new Set<number>([layers.length - 1]);
  const sources = layers.map((layer, index) => {
    const found = layer.from?.map((name) => {
      const place = places.get(name);
      if (place !== undefined) return place;
      const later = layers.some((other) => other.name === name);
      const why = later ? 'which does not come before it' : 'but there is no such layer';
      throw new Error(
        `Expected ${layerText(layer, index)} to take earlier layers, not "${name}", ${why}.`,
      );
    }) ?? [index - 1];
    const joins = layer.kind === 'add' || layer.kind === 'concat';
    if (joins ? found.length < 2 : found.length > 1) {
      const expected = joins ? 'at least two layers' : 'one layer';
      throw new Error(
        `Expected ${layerText(layer, index)} to take ${expected} ("from"), received ${found.length}.`,
      );
    }
    if (layer.name !== undefined) {
      if (places.has(layer.name)) {
        throw new Error(
          layer.name === imageName
            ? `No layer may be named "${imageName}": that is the image.`
            : `Two of them are named "${layer.name}".`,
        );
      }
      places.set(layer.name, index);
    }
    found.forEach((place) => used.add(place));
    return found;
  });
  const idle = layers.findIndex((_, index) => !used.has(index));
  if (idle >= 0) {
    throw new Error(`Nothing takes the output of ${layerText(layers[idle]!, idle)}.`);
  }
  return sources;
}

/** For each layer the last one that takes its output, as places in the list; -1 for the output of the network. */
export function lastUses(architecture: Pick<Architecture, 'layers'>): number[] {
  const uses = architecture.layers.map(() => -1);
  sourcesOf(architecture).forEach((sources, index) => {
    for (const source of sources) if (source !== imagePlace) uses[source] = index;
  });
  return uses;
}

/** The layers that a non-linearity may follow: convolutions, dense layers and adds, in order. */
export function summingLayers({ layers }: Pick<Architecture, 'layers'>): SummingLayer[] {
  return layers.filter(
    (layer): layer is SummingLayer =>
      layer.kind === 'conv' || layer.kind === 'dense' || layer.kind === 'add',
  );
}

/**
 * The layers that a non-linearity follows, in order: ReLUs in an ANN, spiking neurons, with a threshold each, in an SNN.
 * All that sum but the linear ones and the last.
 */
export function spikingLayers(architecture: Pick<Architecture, 'layers'>): SummingLayer[] {
  return summingLayers(architecture)
    .slice(0, -1)
    .filter(({ linear }) => !linear);
}

/** How many channels each spiking layer has, by its name; of a dense layer its outputs. Throws as `layerShapes` does. */
export function spikingChannels(architecture: Architecture): Map<string, number> {
  const shapes = layerShapes(architecture);
  return new Map(
    spikingLayers(architecture).map((layer) => [
      layer.name,
      shapes[architecture.layers.indexOf(layer)]![2],
    ]),
  );
}

/** Where the windows of a convolution or a pooling lie. */
export interface Window {
  readonly kernel: readonly [height: number, width: number];
  readonly stride: readonly [height: number, width: number];
  readonly dilation: readonly [height: number, width: number];
  readonly padding: readonly [top: number, bottom: number, left: number, right: number];
}

export function windowOf(layer: ConvLayer | PoolLayer): Window {
  const { padding = 0 } = layer;
  const [kernel, stride, dilation] =
    layer.kind === 'conv'
      ? [layer.kernel, layer.stride, layer.dilation ?? 1]
      : [layer.size, layer.stride ?? layer.size, 1];
  return {
    kernel: both(kernel),
    stride: both(stride),
    dilation: both(dilation),
    padding: typeof padding === 'number' ? [padding, padding, padding, padding] : padding,
  };
}

/** A window that is the same in both directions. */
export interface SquareWindow {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
}

/** The window of a layer where it is square, without dilation and padded alike on all sides; undefined where it is not. */
export function squareWindow(layer: ConvLayer | PoolLayer): SquareWindow | undefined {
  const { kernel, stride, dilation, padding } = windowOf(layer);
  const isSquare =
    kernel[0] === kernel[1] &&
    stride[0] === stride[1] &&
    dilation.every((pixels) => pixels === 1) &&
    padding.every((pixels) => pixels === padding[0]);
  return isSquare ? { kernel: kernel[0], stride: stride[0], padding: padding[0] } : undefined;
}

function both(value: number | readonly [number, number]): readonly [number, number] {
  return typeof value === 'number' ? [value, value] : value;
}

/** Height, width and channels. */
export type LayerShape = [height: number, width: number, channels: number];

/** Output shape of each layer; flat layers give [1, 1, size]. Throws where layers do not fit. */
export function layerShapes(architecture: Architecture): LayerShape[] {
  const sources = sourcesOf(architecture);
  const shapes: LayerShape[] = [];
  architecture.layers.forEach((layer, index) => {
    const inputs = sources[index]!.map((place): LayerShape =>
      place === imagePlace ? [...architecture.inputShape] : shapes[place]!,
    );
    const shape = shapeOf(layer, layerText(layer, index), inputs);
    if (shape[0] < 1 || shape[1] < 1) {
      throw new Error(
        `${architecture.name}: ${layerText(layer, index)} is left with ${shape[0]} × ${shape[1]} pixels; ` +
          `the input ${architecture.inputShape.join(' × ')} is too small for this network.`,
      );
    }
    shapes.push(shape);
  });
  return shapes;
}

function shapeOf(layer: Layer, text: string, inputs: readonly LayerShape[]): LayerShape {
  const [height, width, channels] = inputs[0]!;
  switch (layer.kind) {
    case 'conv': {
      const { inChannels, outChannels, groups = 1 } = layer;
      expect(text, 'input channels', inChannels, channels);
      if (inChannels % groups !== 0 || outChannels % groups !== 0) {
        throw new Error(
          `Expected the channels of ${text}, ${inChannels} and ${outChannels}, to be multiples of its ${groups} groups.`,
        );
      }
      return [...windows(layer, height, width), outChannels];
    }
    case 'dense':
      expect(text, 'inputs', layer.inputs, height * width * channels);
      return [1, 1, layer.outputs];
    case 'add': {
      const other = inputs.find((shape) => shape.join() !== inputs[0]!.join());
      if (other) {
        throw new Error(
          `Expected what ${text} takes to be of one shape, received ${inputs[0]!.join(' × ')} and ${other.join(' × ')}.`,
        );
      }
      return [height, width, channels];
    }
    case 'concat': {
      const other = inputs.find((shape) => shape[0] !== height || shape[1] !== width);
      if (other) {
        throw new Error(
          `Expected what ${text} takes to be of one height and width, received ${height} × ${width} and ${other[0]} × ${other[1]}.`,
        );
      }
      return [height, width, inputs.reduce((sum, [, , count]) => sum + count, 0)];
    }
    case 'average-pool':
    case 'max-pool': {
      const [outHeight, outWidth] = windows(layer, height, width);
      expectPixels(layer, text, [height, width], [outHeight, outWidth]);
      return [outHeight, outWidth, channels];
    }
    case 'shortcut':
      return [
        Math.ceil(height / layer.stride),
        Math.ceil(width / layer.stride),
        layer.before + channels + layer.after,
      ];
    case 'flatten':
      return [1, 1, height * width * channels];
    case 'dropout':
      return [height, width, channels];
  }
}

function windows(layer: ConvLayer | PoolLayer, height: number, width: number): [number, number] {
  const { kernel, stride, dilation, padding } = windowOf(layer);
  const [top, bottom, left, right] = padding;
  const along = (size: number, border: number, axis: 0 | 1) =>
    Math.floor((size + border - (kernel[axis] - 1) * dilation[axis] - 1) / stride[axis]) + 1;
  return [along(height, top + bottom, 0), along(width, left + right, 1)];
}

/** Every window of a pooling has a pixel of the image. */
function expectPixels(
  layer: PoolLayer,
  text: string,
  size: readonly [number, number],
  count: readonly [number, number],
): void {
  const { kernel, stride, padding } = windowOf(layer);
  for (const axis of [0, 1] as const) {
    const before = padding[2 * axis]!;
    const last = (count[axis] - 1) * stride[axis] - before;
    if (before >= kernel[axis] || last >= size[axis]) {
      throw new Error(`${text} has windows that lie wholly in its padding.`);
    }
  }
}

function expect(text: string, what: string, declared: number, actual: number): void {
  if (declared !== actual) {
    throw new Error(`${text} declares ${declared} ${what}, but receives ${actual}.`);
  }
}

/**
 * The first layer by which a network is more than a chain of square convolutions, dense layers and poolings without
 * overlap, with a ReLU after every one but the last; undefined where there is none.
 */
export function beyondChain(architecture: Architecture): string | undefined {
  const sources = sourcesOf(architecture);
  const last = summingLayers(architecture).at(-1);
  const index = architecture.layers.findIndex((layer, index) => {
    if (sources[index]![0] !== index - 1) return true;
    switch (layer.kind) {
      case 'conv':
        return hasMore(layer) || (layer.groups ?? 1) > 1 || !squareWindow(layer);
      case 'dense':
        return hasMore(layer);
      case 'average-pool':
      case 'max-pool': {
        const window = squareWindow(layer);
        if (layer.kind === 'max-pool' && layer.gated) return true;
        return window?.stride !== window?.kernel || window?.padding !== 0;
      }
      case 'add':
      case 'concat':
      case 'shortcut':
        return true;
      case 'flatten':
      case 'dropout':
        return false;
    }
  });
  function hasMore(layer: SummingLayer): boolean {
    return layer.maximum !== undefined || (layer !== last && Boolean(layer.linear));
  }
  return index < 0 ? undefined : layerText(architecture.layers[index]!, index);
}
