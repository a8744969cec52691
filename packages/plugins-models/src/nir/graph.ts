import {
  biasOf,
  imagePlace,
  layerShapes,
  layerText,
  outputChannels,
  sourcesOf,
  spikingLayers,
  weightOf,
  windowOf,
  type AddLayer,
  type Layer,
  type LayerShape,
  type ShortcutLayer,
  type Snn,
  type SummingLayer,
  type WeightedLayer,
} from '@privatesnn/core';

import { cannotSay } from './cannot-say.js';
import { integerArray, type NirGraph, type NirNode } from './nodes.js';
import {
  affine,
  convolution,
  flatten,
  pointwise,
  pooling,
  scaled,
  shapeArray,
} from './operators.js';
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
  const { architecture } = snn;
  const graph = new Graph(snn, target, dt);
  const shapes = layerShapes(architecture);
  const sources = sourcesOf(architecture);
  const outputs: Output[] = [];
  architecture.layers.forEach((layer, index) => {
    const inputs = sources[index]!.map((place) =>
      place === imagePlace ? graph.image : outputs[place]!,
    );
    outputs.push(graph.layer(layer, index, inputs, shapes[index]!));
  });
  const logits = graph.scaled(outputs.at(-1)!, 1, 'output');
  graph.append('output', { type: 'Output', shape: integerArray([architecture.classes]) }, logits);
  return { nodes: graph.nodes, edges: graph.edges, metadata: metadataOf(snn) };
}

/** What a layer gives: the sum of what some nodes give. */
interface Output {
  readonly from: readonly string[];
  readonly shape: Shape;
  /** Whether its nodes give no pixels. */
  readonly flat: boolean;
  /** Times so many it is too large: pixels that a pooling has added up. */
  readonly summed: number;
  /** Where pixels were flattened: the shape that they had. */
  readonly pixels?: Shape;
}

/** Nodes and edges in the making. */
class Graph {
  readonly nodes: Record<string, NirNode> = {};
  readonly edges: [string, string][] = [];
  readonly image: Output;
  private readonly spiking: ReadonlySet<Layer>;

  constructor(
    private readonly snn: Snn,
    private readonly target: Target,
    private readonly dt: number,
  ) {
    const { inputShape: shape } = snn.architecture;
    this.nodes['input'] = { type: 'Input', shape: shapeArray(shape) };
    this.image = { from: ['input'], shape, flat: false, summed: 1 };
    this.spiking = new Set<Layer>(spikingLayers(snn.architecture));
  }

  /** A node that takes the sum of others; returns its name. */
  append(wanted: string, node: NirNode, from: readonly string[]): string {
    const name = node.type === 'Output' ? wanted : nodeName(wanted, this.nodes);
    this.nodes[name] = node;
    for (const source of from) this.edges.push([source, name]);
    return name;
  }

  /** What a layer gives, after its neurons if it has any. */
  layer(layer: Layer, index: number, inputs: readonly Output[], shape: Shape): Output {
    const text = layerText(layer, index);
    const [input] = inputs as [Output];
    switch (layer.kind) {
      case 'conv':
      case 'dense':
        return this.neurons(layer, this.weighted(layer, text, input, shape));
      case 'add':
        return this.neurons(layer, this.sum(layer, text, inputs, shape));
      case 'shortcut':
        return { from: [this.shortcut(layer, text, input)], shape, flat: false, summed: 1 };
      case 'average-pool': {
        const { sumsPools } = targets[this.target];
        const { kernel } = windowOf(layer);
        const node = pooling(layer, text, sumsPools ? 'SumPool2d' : 'AvgPool2d');
        const from = [this.append(`pool_${index}`, node, this.asPixels(input, text).from)];
        const summed = sumsPools ? input.summed * kernel[0] * kernel[1] : input.summed;
        return { from, shape, flat: false, summed };
      }
      case 'flatten':
        return this.flattened(input, `flatten_${index}`);
      case 'dropout':
        return input;
      case 'concat':
      case 'max-pool':
        throw cannotSay(text, 'Written are convolutions, dense layers, average pooling and adds.');
    }
  }

  /** The nodes of an output times a factor; where that is 1, and a node of its own is not asked for, as they are. */
  scaled(
    { from, shape, flat, summed }: Output,
    factor: number,
    name: string,
    always = false,
  ): readonly string[] {
    const gain = factor / summed;
    if (gain === 1 && !always) return from;
    const [height, width, channels] = shape;
    const diagonal = new Float32Array(channels ** 2);
    for (let c = 0; c < channels; c++) diagonal[c * channels + c] = gain;
    const bias = { shape: [channels], data: new Float32Array(channels) };
    const node: NirNode = flat
      ? { type: 'Affine', weight: { shape: [channels, channels], data: diagonal }, bias }
      : pointwise([height, width], { shape: [channels, channels, 1, 1], data: diagonal }, 1);
    return [this.append(`${name}_gain`, node, from)];
  }

  private neurons(layer: SummingLayer, output: Output): Output {
    if (!this.spiking.has(layer)) return output;
    const { flat, shape } = output;
    const [height, width, channels] = shape;
    const size = flat ? [channels] : [channels, height, width];
    const count = size.reduce((a, b) => a * b, 1);
    const data = new Float32Array(count).fill(this.snn.thresholds[layer.name]!);
    const node = targets[this.target].neuron(this.snn, { shape: size, data }, this.dt);
    return { ...output, from: [this.append(`${layer.name}_neurons`, node, output.from)] };
  }

  private weighted(layer: WeightedLayer, text: string, input: Output, shape: Shape): Output {
    const { parameters } = this.snn;
    if (layer.kind === 'conv' && (layer.groups ?? 1) > 1 && !targets[this.target].groups) {
      throw cannotSay(`the groups of ${text}`, `Take another target than ${this.target}.`);
    }
    const bias = biasOf(parameters, layer)?.data ?? new Float32Array(outputChannels(layer));
    const given =
      layer.kind === 'conv'
        ? this.asPixels(input, text)
        : this.flattened(input, `${layer.name}_flatten`);
    const weight = scaled(weightOf(parameters, layer), 1 / given.summed);
    const node =
      layer.kind === 'conv'
        ? convolution(layer, text, given.shape, weight, bias)
        : affine(layer, weight, bias, given.pixels);
    const from = [this.append(layer.name, node, given.from)];
    return { from, shape, flat: layer.kind === 'dense', summed: 1 };
  }

  private sum(layer: AddLayer, text: string, inputs: readonly Output[], shape: Shape): Output {
    const flat = inputs.some((input) => input.flat);
    const gains = this.snn.gains?.[layer.name];
    const from: string[] = [];
    inputs.forEach((input, i) => {
      if (input.pixels) throw cannotSay(`flattened pixels as an input of ${text}`, flattenLater);
      const given = flat ? this.flattened(input, `${layer.name}_flatten`) : input;
      // A node has no edge twice.
      const isTwice = given.from.some((name) => from.includes(name));
      from.push(...this.scaled(given, gains?.[i] ?? 1, layer.name, isTwice));
    });
    return { from, shape, flat, summed: 1 };
  }

  /** ResNet's option A, as a convolution of one pixel with weights 0 and 1. */
  private shortcut({ stride, before, after }: ShortcutLayer, text: string, input: Output): string {
    const { from, shape, summed } = this.asPixels(input, text);
    const [height, width, channels] = shape;
    const outputs = before + channels + after;
    const data = new Float32Array(outputs * channels);
    for (let c = 0; c < channels; c++) data[(before + c) * channels + c] = 1 / summed;
    const weight = { shape: [outputs, channels, 1, 1], data };
    return this.append('shortcut', pointwise([height, width], weight, stride), from);
  }

  private asPixels(input: Output, text: string): Output {
    if (!input.flat) return input;
    throw cannotSay(`pixels after a flatten or dense layer, as ${text} takes them`, flattenLater);
  }

  private flattened(input: Output, name: string): Output {
    if (input.flat) return input;
    const { shape } = input;
    const from = [this.append(name, flatten(shape), input.from)];
    const size = shape.reduce((a, b) => a * b, 1);
    const pixels = shape[0] * shape[1] > 1 ? { pixels: shape } : {};
    return { from, shape: [1, 1, size], flat: true, summed: input.summed, ...pixels };
  }
}

const flattenLater = 'Flatten once, in front of the dense layers.';

/** A name that no path of HDF5 and no module of Python cuts, and that nothing else has. */
function nodeName(wanted: string, taken: Readonly<Record<string, NirNode>>): string {
  const plain = wanted.replace(/[^A-Za-z0-9_]/g, '_');
  for (let name = plain, i = 2; ; name = `${plain}_${i++}`) {
    if (name !== 'output' && !Object.hasOwn(taken, name)) return name;
  }
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
