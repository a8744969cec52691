import {
  assertChain,
  beyondChain,
  layerShapes,
  squareWindow,
  UserError,
  weightedLayers,
  type Architecture,
  type WeightedLayer,
} from '@privatesnn/core';

/** What lies between a weighted layer and the one before it (or the input image). */
export interface Transition {
  /** Size of the max-pooling windows; 1 for none. */
  readonly maxPool: number;
  /** Size of the average-pooling windows, which come after the max-pooling; 1 for none. */
  readonly averagePool: number;
  /** Whether all pixels become one. */
  readonly flat: boolean;
  readonly dropouts: readonly PlannedDropout[];
}

export interface PlannedDropout {
  readonly rate: number;
  /** Index in `architecture.layers`. */
  readonly layer: number;
  /** How many times smaller than the units before all pooling the dropout's input is. */
  readonly pool: number;
}

/** A weighted layer, dense ones as 1 × 1 convolutions of one pixel, and what comes before it. */
export interface PlannedLayer {
  readonly name: string;
  readonly before: Transition;
  /** The units that the transition starts from: the layer before, or the image. */
  readonly source: Shape;
  readonly input: Shape;
  readonly output: Shape;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly bias: boolean;
  /** Integrates its current without spiking. */
  readonly last: boolean;
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
}

/** The first layer that the kernels do not know; undefined where they know all. */
export function beyondKernels(architecture: Architecture): string | undefined {
  return beyondChain(architecture);
}

/** @throws UserError for the few orders of layers that the kernels cannot compute */
export function planOf(architecture: Architecture): Plan {
  assertChain(architecture, 'The spiking engine');
  const shapes = layerShapes(architecture).map(shapeOf);
  const last = weightedLayers(architecture).at(-1);
  const input = shapeOf(architecture.inputShape);
  const layers: PlannedLayer[] = [];
  let source = input;
  let before = noTransition;
  architecture.layers.forEach((layer, index) => {
    const here = shapes[index]!;
    const there = index === 0 ? input : shapes[index - 1]!;
    switch (layer.kind) {
      case 'conv':
      case 'dense': {
        const flat = layer.kind === 'dense' || before.flat;
        if (before.flat && layer.kind === 'conv' && geometry(layer).kernel > 1) {
          unsupported(architecture, `convolution "${layer.name}" after a flatten layer`);
        }
        layers.push({
          name: layer.name,
          before: { ...before, flat },
          source,
          input: flat ? flattened(there) : there,
          output: here,
          ...geometry(layer),
          bias: layer.bias,
          last: layer === last,
        });
        source = here;
        before = noTransition;
        break;
      }
      case 'average-pool':
        before = { ...before, averagePool: before.averagePool * squareWindow(layer)!.kernel };
        break;
      case 'max-pool':
        if (layers.length === 0) unsupported(architecture, 'max-pooling of the input');
        if (before.averagePool > 1) unsupported(architecture, 'max-pooling of averages');
        if (before.maxPool > 1) unsupported(architecture, 'two max-pooling layers in a row');
        before = { ...before, maxPool: squareWindow(layer)!.kernel };
        break;
      case 'flatten':
        before = { ...before, flat: true };
        break;
      case 'dropout':
        before = {
          ...before,
          dropouts: [
            ...before.dropouts,
            { rate: layer.rate, layer: index, pool: before.maxPool * before.averagePool },
          ],
        };
        break;
    }
  });
  if (layers.length === 0) unsupported(architecture, 'a network without weights');
  const { height, width, channels } = layers.at(-1)!.output;
  return { input, classes: height * width * channels, layers };
}

/** Size of the average-pooling windows between a weighted layer and the one before it; 1 for none. */
export function averagePoolBefore(architecture: Architecture, layer: WeightedLayer): number {
  const { layers } = planOf(architecture);
  return layers.find(({ name }) => name === layer.name)!.before.averagePool;
}

const noTransition: Transition = { maxPool: 1, averagePool: 1, flat: false, dropouts: [] };

function geometry(layer: WeightedLayer): { kernel: number; stride: number; padding: number } {
  return layer.kind === 'dense' ? { kernel: 1, stride: 1, padding: 0 } : squareWindow(layer)!;
}

function shapeOf([height, width, channels]: readonly [number, number, number]): Shape {
  return { height, width, channels };
}

function flattened({ height, width, channels }: Shape): Shape {
  return { height: 1, width: 1, channels: height * width * channels };
}

function unsupported(architecture: Architecture, what: string): never {
  throw new UserError(
    'configuration',
    'ENGINE_LAYERS',
    `The spiking engine cannot compute ${what}, which ${architecture.name} has.`,
    { hint: 'Change the architecture, or set PRIVATESNN_ENGINE=reference (slow).' },
  );
}
