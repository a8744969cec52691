import {
  imageName,
  imagePlace,
  layerShapes,
  sourcesOf,
  type Architecture,
  type Encoder,
  type Parameters,
} from '@privatesnn/core';

import type { Inference, InferenceRequest, LayerOperations } from '../engine.js';
import { computed, operationsOf, type Operation, type Signal } from '../reference/network.js';
import { OperationCounter } from '../reference/synaptic-operations.js';

/** A network, as far as its front depends on it. */
interface Fronted {
  readonly architecture: Architecture;
  readonly parameters: Parameters;
  readonly encoder: Encoder;
}

/**
 * The first layers of a network where they are linear convolutions of a constant input, as a normalisation is: their
 * current is the same at all time-steps, so that it is computed once an image and is the input of the others.
 */
export interface Front {
  readonly operations: readonly Operation[];
  /** The layers behind it. */
  readonly architecture: Architecture;
}

/** The architecture behind the front; the whole where there is none. */
export function architectureBehind({
  architecture,
  encoder,
}: Pick<Fronted, 'architecture' | 'encoder'>): Architecture {
  const length = encoder.kind === 'constant' ? frontLength(architecture) : 0;
  if (length === 0) return architecture;
  const { layers } = architecture;
  const { name } = layers[length - 1]!;
  return {
    ...architecture,
    inputShape: layerShapes(architecture)[length - 1]!,
    layers: layers.slice(length).map((layer) => ({
      ...layer,
      ...(layer.from ? { from: layer.from.map((one) => (one === name ? imageName : one)) } : {}),
    })),
  };
}

/** The front of a network; undefined where it has none. */
export function frontOf(network: Fronted): Front | undefined {
  const { architecture, parameters } = network;
  const behind = architectureBehind(network);
  const length = architecture.layers.length - behind.layers.length;
  if (length === 0) return undefined;
  const [height, width, channels] = behind.inputShape;
  const layers = architecture.layers.slice(0, length);
  const alone = { ...architecture, layers, classes: height * width * channels };
  return { operations: operationsOf(alone, parameters), architecture: behind };
}

/** How many of the first layers are a front. */
function frontLength(architecture: Architecture): number {
  const sources = sourcesOf(architecture);
  const takers = (place: number) => sources.filter((taken) => taken.includes(place)).length;
  const isFront = (index: number) => {
    const layer = architecture.layers[index];
    return (
      layer?.kind === 'conv' &&
      layer.linear === true &&
      index < architecture.layers.length - 1 &&
      sources[index]![0] === index - 1 &&
      takers(index === 0 ? imagePlace : index - 1) === 1
    );
  };
  let length = 0;
  while (isFront(length)) length++;
  return length;
}

/** An inference of the layers behind the front alone, whose images are what the front makes of the request's. */
export function requestBehind(request: InferenceRequest, front: Front): InferenceRequest {
  const { snn, pixels } = request;
  const most = largestBehind(front, Math.max(...snn.encoder.range.map(Math.abs)));
  return {
    ...request,
    snn: {
      ...snn,
      architecture: front.architecture,
      encoder: { ...snn.encoder, range: [-most, most] },
    },
    pixels: pixelsBehind(front, pixels),
  };
}

/** What no number behind the front is larger than, where none before it is larger than `most`. */
function largestBehind({ operations }: Front, most: number): number {
  return operations.reduce((largest, operation) => {
    if (operation.kind !== 'weighted') throw new Error('A front is convolutions alone.');
    const { weight, bias, connections } = operation;
    const sums = new Float64Array(connections.outChannels);
    weight.forEach((w, i) => (sums[i % sums.length]! += Math.abs(w) * largest));
    return sums.reduce((a, sum, c) => Math.max(a, sum + Math.abs(bias?.[c] ?? 0)), 0);
  }, most);
}

/** The images behind the front. */
export function pixelsBehind(
  { operations, architecture }: Front,
  pixels: Float32Array,
): Float32Array {
  const images = imagesOf(operations, pixels);
  const size = architecture.inputShape.reduce((product, side) => product * side, 1);
  const result = new Float32Array(images.length * size);
  images.forEach((image, i) => {
    const [behind] = operations.reduce((signal, operation) => computed(operation, [signal]), [
      image,
    ] as Signal);
    result.set(behind!, i * size);
  });
  return result;
}

/** The inference of a whole network from that of the layers behind its front. */
export function withFront(
  { operations }: Front,
  pixels: Float32Array,
  timeSteps: number,
  behind: Inference,
): Inference {
  const images = imagesOf(operations, pixels);
  const counter = new OperationCounter(operations, 'constant');
  for (const image of images) counter.add(new Map([['input', [image]]]));
  const counted = counter.counts().map((layer): LayerOperations => ({
    layer: layer.layer,
    additions: layer.additions * timeSteps,
    multiplications: layer.multiplications * timeSteps,
  }));
  const [, ...spiking] = behind.activity;
  const nonZero = pixels.reduce((sum, x) => sum + (x === 0 ? 0 : 1), 0);
  const neurons = pixels.length / images.length;
  return {
    ...behind,
    activity: [{ layer: 'input', neurons, spikes: nonZero * timeSteps }, ...spiking],
    operations: [...counted, ...behind.operations],
  };
}

function imagesOf([first]: readonly Operation[], pixels: Float32Array): Float32Array[] {
  if (first?.kind !== 'weighted') throw new Error('A front begins with a convolution.');
  const { inputs } = first.connections;
  return Array.from({ length: pixels.length / inputs }, (_, i) =>
    pixels.subarray(i * inputs, (i + 1) * inputs),
  );
}
