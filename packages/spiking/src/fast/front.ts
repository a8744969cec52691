import {
  imageName,
  imagePlace,
  layerShapes,
  sourcesOf,
  type Architecture,
  type Encoder,
  type Parameters,
} from '@privatesnn/core';

import type {
  GradientRequest,
  Gradients,
  Inference,
  InferenceRequest,
  LayerActivity,
  LayerOperations,
} from '../engine.js';
import { addBiasGradient, addWeightGradient, inputGradient } from '../reference/connections.js';
import {
  currents,
  operationsOf,
  type Signal,
  type WeightedOperation,
} from '../reference/network.js';
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
  readonly operations: readonly WeightedOperation[];
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
  const operations = operationsOf(alone, parameters);
  return {
    operations: operations.filter((one) => one.kind === 'weighted'),
    architecture: behind,
  };
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

/**
 * The gradients of a whole network from those of the layers behind its front, whose input's gradient is among them.
 *
 * @param request of the whole network
 */
export function gradientsWithFront(
  { operations }: Front,
  { pixels, wanted, snn, timeSteps = snn.timeSteps }: GradientRequest,
  behind: Gradients,
): Gradients {
  const images = imagesOf(operations, pixels);
  const size = behind.input!.length / images.length;
  const sums = operations.map(({ weight, bias }) => ({
    weight: new Float64Array(weight.length),
    bias: bias && new Float64Array(bias.length),
  }));
  const input = new Float32Array(pixels.length);
  images.forEach((image, i) => {
    const taken = [image];
    for (const operation of operations) taken.push(currents(operation, [taken.at(-1)!])[0]!);
    let gradient = behind.input!.subarray(i * size, (i + 1) * size);
    for (const [at, { connections, weight }] of [...operations.entries()].reverse()) {
      const { weight: atWeight, bias: atBias } = sums[at]!;
      addWeightGradient(connections, taken[at]!, gradient, atWeight);
      if (atBias) addBiasGradient(gradient, atBias);
      gradient = inputGradient(connections, weight, gradient);
    }
    input.set(gradient, i * image.length);
  });
  const mean = (sum: Float64Array) => Float32Array.from(sum, (value) => value / images.length);
  const own = operations.flatMap(({ layer: { name } }, at) => {
    const { weight, bias } = sums[at]!;
    const atWeight = [`${name}.weight`, mean(weight)] as const;
    return bias ? [atWeight, [`${name}.bias`, mean(bias)] as const] : [atWeight];
  });
  const { input: _, ...rest } = behind;
  return {
    ...rest,
    parameters: wanted.parameters
      ? { ...Object.fromEntries(own), ...behind.parameters }
      : behind.parameters,
    ...(wanted.input ? { input } : {}),
    activity: activityWithFront(pixels, images.length, timeSteps, behind.activity),
  };
}

/** The gradients of the layers behind the front alone, that of their input among them where the front needs it. */
export function gradientsBehind(request: GradientRequest, front: Front): GradientRequest {
  const { snn, pixels, wanted } = request;
  return {
    ...request,
    snn: { ...snn, architecture: front.architecture },
    pixels: pixelsBehind(front, pixels),
    wanted: { ...wanted, input: true },
  };
}

/** What no number behind the front is larger than, where none before it is larger than `most`. */
function largestBehind({ operations }: Front, most: number): number {
  return operations.reduce((largest, operation) => {
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
    const [behind] = operations.reduce((signal, operation) => currents(operation, signal), [
      image,
    ] as Signal);
    result.set(behind!, i * size);
  });
  return result;
}

/**
 * The inference of a whole network from that of the layers behind its front.
 *
 * @param probeSteps the time-steps that these take twice
 */
export function withFront(
  { operations }: Front,
  pixels: Float32Array,
  { timeSteps, probeSteps }: { readonly timeSteps: number; readonly probeSteps: number },
  behind: Inference,
): Inference {
  const images = imagesOf(operations, pixels);
  const counter = new OperationCounter(operations, 'constant');
  for (const image of images) counter.add(new Map([['input', [image]]]));
  const counted = counter.counts().map((layer): LayerOperations => ({
    layer: layer.layer,
    additions: layer.additions * (timeSteps + probeSteps),
    multiplications: layer.multiplications * (timeSteps + probeSteps),
  }));
  return {
    ...behind,
    activity: activityWithFront(pixels, images.length, timeSteps, behind.activity),
    operations: [...counted, ...behind.operations],
  };
}

/** The whole network's activity: its own input comes in the place of what is behind the front. */
function activityWithFront(
  pixels: Float32Array,
  images: number,
  timeSteps: number,
  [, ...spiking]: readonly LayerActivity[],
): LayerActivity[] {
  const nonZero = pixels.reduce((sum, x) => sum + (x === 0 ? 0 : 1), 0);
  const input = { layer: 'input', neurons: pixels.length / images, spikes: nonZero * timeSteps };
  return [input, ...spiking];
}

function imagesOf([first]: readonly WeightedOperation[], pixels: Float32Array): Float32Array[] {
  const { inputs } = first!.connections;
  return Array.from({ length: pixels.length / inputs }, (_, i) =>
    pixels.subarray(i * inputs, (i + 1) * inputs),
  );
}
