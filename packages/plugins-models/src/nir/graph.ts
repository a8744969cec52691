import {
  biasOf,
  layerShapes,
  layerText,
  outputChannels,
  sourcesOf,
  spikingLayers,
  weightOf,
  windowOf,
  type ConvLayer,
  type DenseLayer,
  type LayerShape,
  type Parameter,
  type PoolLayer,
  type Snn,
  type WeightedLayer,
  type Window,
} from '@privatesnn/core';

import { channelsFirst } from '../channels-first.js';
import { cannotSay } from './cannot-say.js';
import {
  integerArray,
  type NirArray,
  type NirField,
  type NirGraph,
  type NirNode,
} from './nodes.js';
import { targets, type Target } from './targets.js';

type Shape = Readonly<LayerShape>;

/**
 * A spiking network as a graph of the Neuromorphic Intermediate Representation. Tensors are channels-first there, so
 * the inputs of a dense layer change places. The output is the last layer's current: its sum over time is the
 * membrane potential that classifies.
 *
 * @param dt seconds of a time-step
 * @throws UserError NIR_CANNOT_SAY for what the format or its target has no words for
 */
export function nirGraph(snn: Snn, target: Target, dt: number): NirGraph {
  const { architecture, parameters } = snn;
  const shapes = layerShapes(architecture);
  const nodes: Record<string, NirNode> = {};
  const edges: [string, string][] = [];
  let before = 'input';
  const append = (wanted: string, node: NirNode) => {
    const name = nodeName(wanted, nodes);
    nodes[name] = node;
    edges.push([before, name]);
    before = name;
  };
  nodes['input'] = { type: 'Input', shape: shapeArray(architecture.inputShape) };
  const sources = sourcesOf(architecture);
  const spiking = new Set<unknown>(spikingLayers(architecture));
  const { sumsPools, neuron, groups } = targets[target];
  /** Pixels that the last pooling has added up, by which the next weights are divided. */
  let summed = 1;
  /** Where pixels were flattened: the shape that they had. */
  let flattened: Shape | undefined;
  architecture.layers.forEach((layer, index) => {
    const text = layerText(layer, index);
    if (sources[index]![0] !== index - 1) throw cannotSay(`the branches of ${text}`, onlyChains);
    const shape: Shape = index === 0 ? architecture.inputShape : shapes[index - 1]!;
    switch (layer.kind) {
      case 'conv':
      case 'dense': {
        if (layer.kind === 'dense' && shape[0] * shape[1] > 1) {
          append(`flatten_${index}`, flatten(shape));
          flattened = shape;
        }
        if (layer.kind === 'conv' && (layer.groups ?? 1) > 1 && !groups) {
          throw cannotSay(`the groups of ${text}`, `Take another target than ${target}.`);
        }
        const bias = biasOf(parameters, layer)?.data ?? new Float32Array(outputChannels(layer));
        const weight = scaled(weightOf(parameters, layer), 1 / summed);
        append(
          layer.name,
          layer.kind === 'conv'
            ? convolution(layer, text, shape, weight, bias)
            : affine(layer, weight, bias, flattened),
        );
        [summed, flattened] = [1, undefined];
        if (spiking.has(layer)) {
          append(
            `${layer.name}_neurons`,
            neuron(snn, thresholdsOf(snn, layer, shapes[index]!), dt),
          );
        }
        break;
      }
      case 'average-pool': {
        const { kernel } = windowOf(layer);
        append(`pool_${index}`, pooling(layer, text, sumsPools ? 'SumPool2d' : 'AvgPool2d'));
        if (sumsPools) summed *= kernel[0] * kernel[1];
        break;
      }
      case 'flatten':
        if (shape[0] * shape[1] > 1) {
          append(`flatten_${index}`, flatten(shape));
          flattened = shape;
        }
        break;
      case 'dropout':
        break;
      default:
        throw cannotSay(text, onlyChains);
    }
  });
  nodes['output'] = { type: 'Output', shape: integerArray([architecture.classes]) };
  edges.push([before, 'output']);
  return { nodes, edges, metadata: metadataOf(snn) };
}

/** A name that no path of HDF5 and no module of Python cuts, and that nothing else has. */
function nodeName(wanted: string, taken: Readonly<Record<string, NirNode>>): string {
  const plain = wanted.replace(/[^A-Za-z0-9_]/g, '_');
  for (let name = plain, i = 2; ; name = `${plain}_${i++}`) {
    if (name !== 'output' && !Object.hasOwn(taken, name)) return name;
  }
}

const onlyChains =
  'Written are chains of convolutions, dense layers and average poolings, each after the one before.';

function convolution(
  layer: ConvLayer,
  text: string,
  [height, width]: Shape,
  weight: Parameter,
  bias: Float32Array,
): NirNode {
  const { stride, dilation } = windowOf(layer);
  return {
    type: 'Conv2d',
    input_shape: integerArray([height, width]),
    weight: channelsFirst(weight),
    bias: { shape: [bias.length], data: bias },
    stride: integerArray(stride),
    padding: evenPadding(windowOf(layer), text),
    dilation: integerArray(dilation),
    groups: layer.groups ?? 1,
  };
}

function pooling(layer: PoolLayer, text: string, type: string): NirNode {
  const { kernel, stride, padding } = windowOf(layer);
  if (padding.some((pixels) => pixels > 0)) throw cannotSay(`the padding of ${text}`, onlyChains);
  return {
    type,
    ...{ kernel_size: integerArray(kernel), stride: integerArray(stride) },
    padding: integerArray([0, 0]),
  };
}

/** [rows above and below, columns left and right] */
function evenPadding({ padding: [top, bottom, left, right] }: Window, text: string): NirArray {
  if (top !== bottom || left !== right) {
    throw cannotSay(`the uneven padding of ${text}`, 'Pad both sides alike.');
  }
  return integerArray([top, left]);
}

/** @param flattened the shape of the pixels that come in flat, if any */
function affine(
  { inputs, outputs }: DenseLayer,
  { data }: Parameter,
  bias: Float32Array,
  flattened: Shape | undefined,
): NirNode {
  const [height, width, channels] = flattened ?? [1, 1, inputs];
  const turned = new Float32Array(data.length);
  for (let pixel = 0; pixel < height * width; pixel++) {
    for (let c = 0; c < channels; c++) {
      const [from, to] = [pixel * channels + c, c * height * width + pixel];
      for (let o = 0; o < outputs; o++) turned[o * inputs + to] = data[from * outputs + o]!;
    }
  }
  return {
    type: 'Affine',
    weight: { shape: [outputs, inputs], data: turned },
    bias: { shape: [outputs], data: bias },
  };
}

/** Counted from the end, the dimensions are the same with and without one for images. */
const flatten = (shape: Shape): NirNode => ({
  type: 'Flatten',
  ...{ input_type: shapeArray(shape), start_dim: -3, end_dim: -1 },
});

/** θ of each neuron of a layer; flat layers have no pixels. */
function thresholdsOf({ thresholds }: Snn, { name, kind }: WeightedLayer, shape: Shape) {
  const [height, width, channels] = shape;
  const size = kind === 'dense' ? [channels] : [channels, height, width];
  const neurons = size.reduce((a, b) => a * b, 1);
  return { shape: size, data: new Float32Array(neurons).fill(thresholds[name]!) };
}

const shapeArray = ([height, width, channels]: Shape): NirField =>
  integerArray([channels, height, width]);

function scaled({ shape, data }: Parameter, factor: number): Parameter {
  return factor === 1 ? { shape, data } : { shape, data: data.map((value) => value * factor) };
}

/** What a holder needs besides the graph, as text. */
function metadataOf({
  architecture,
  encoder,
  neuron,
  readout,
  timeSteps,
  thresholds,
  classNames,
}: Snn) {
  const { name } = architecture;
  const told = { name, encoder, neuron, readout, timeSteps, thresholds, classNames };
  return { privatesnn: JSON.stringify(told) };
}
