import {
  biasOf,
  imagePlace,
  layerShapes,
  layerText,
  sourcesOf,
  spikingLayers,
  UserError,
  weightOf,
  windowOf,
  type Ann,
  type ConvLayer,
  type Layer,
  type LayerShape,
  type Parameter,
  type PoolLayer,
  type ShortcutLayer,
  type SummingLayer,
} from '@privatesnn/core';

import { channelsFirst } from '../channels-first.js';
import type { NetworkToWrite, NodeToWrite, TensorToWrite } from './write-file.js';

/** The producer that files of this writer name. */
export const ownProducer = 'PrivateSNN';

/** The name of a value of the graph, and whether it is flat: [images, units] instead of channels-first pixels. */
interface GraphValue {
  readonly name: string;
  readonly flat: boolean;
}

/**
 * A conventional network in the operators of ONNX, version 17. Images come channels-first, in the network's input range.
 *
 * @throws UserError ONNX_ACTIVATION where the network has other non-linearities than ReLUs
 */
export function onnxNetwork(ann: Ann): NetworkToWrite {
  const { architecture, activation, classNames, inputRange } = ann;
  if (activation) {
    throw new UserError(
      'configuration',
      'ONNX_ACTIVATION',
      `The network cannot be written as ONNX: it has ${activation.kind} non-linearities instead of ReLUs.`,
      { hint: 'save-ann writes it as it is.' },
    );
  }
  const graph = new Graph();
  const shapes = layerShapes(architecture);
  const sources = sourcesOf(architecture);
  const spiking = new Set<Layer>(spikingLayers(architecture));
  const values: GraphValue[] = [];
  architecture.layers.forEach((layer, index) => {
    const from = sources[index]!;
    const inputs = from.map((source) => (source === imagePlace ? graph.image : values[source]!));
    const shape = from[0] === imagePlace ? architecture.inputShape : shapes[from[0]!]!;
    let value = emit(graph, ann, layer, layerText(layer, index), inputs, shape);
    if (spiking.has(layer)) value = nonLinearity(graph, layer as SummingLayer, value);
    values.push(value);
  });
  graph.end(values.at(-1)!, shapes.at(-1)!);
  const [height, width, channels] = architecture.inputShape;
  return {
    nodes: graph.nodes,
    tensors: graph.tensors,
    input: [0, channels, height, width],
    output: [0, architecture.classes],
    producer: ownProducer,
    metadata: {
      name: architecture.name,
      classNames: JSON.stringify(classNames),
      inputRange: JSON.stringify(inputRange),
    },
  };
}

/** Nodes and constants in the making; every value gets a name of its own. */
class Graph {
  readonly image: GraphValue = { name: 'image', flat: false };
  readonly nodes: NodeToWrite[] = [];
  readonly tensors: Record<string, TensorToWrite> = {};
  private readonly names = new Map<string, number>();

  /** @param wanted its name for people, where it has one; a second node of the name gets a number */
  node(
    op: string,
    wanted: string,
    inputs: readonly string[],
    attributes: NodeToWrite['attributes'] = {},
    flat = false,
  ): GraphValue {
    const count = this.names.get(wanted) ?? 0;
    this.names.set(wanted, count + 1);
    const name = count > 0 && wanted !== '' ? `${wanted} (${count + 1})` : wanted;
    const output = `value_${this.nodes.length}`;
    this.nodes.push({ op, name, inputs, outputs: [output], attributes });
    return { name: output, flat };
  }

  constant(tensor: TensorToWrite): string {
    const name = `constant_${Object.keys(this.tensors).length}`;
    this.tensors[name] = tensor;
    return name;
  }

  parameter({ shape, data }: Parameter): string {
    return this.constant({ shape, values: data });
  }

  integers(values: readonly number[]): string {
    return this.constant({ shape: [values.length], values, type: 7 });
  }

  /** A value as channels-first pixels, where it is flat as one of them. */
  pixels(value: GraphValue): string {
    if (!value.flat) return value.name;
    return this.node('Reshape', '', [value.name, this.integers([0, -1, 1, 1])]).name;
  }

  /** A value as [images, units], channels fastest. */
  flattened(value: GraphValue, text: string, [height, width]: Readonly<LayerShape>): GraphValue {
    if (value.flat) return value;
    const last =
      height * width > 1
        ? this.node('Transpose', '', [value.name], { perm: [0, 2, 3, 1] }).name
        : value.name;
    return this.node('Flatten', text, [last], { axis: 1 }, true);
  }

  /** Gives the logits their name. */
  end(value: GraphValue, shape: Readonly<LayerShape>): void {
    const { name } = this.flattened(value, '', shape);
    this.nodes.push({ op: 'Identity', inputs: [name], outputs: ['logits'] });
  }
}

function emit(
  graph: Graph,
  { parameters }: Ann,
  layer: Layer,
  text: string,
  inputs: readonly GraphValue[],
  shape: Readonly<LayerShape>,
): GraphValue {
  const [input] = inputs as [GraphValue];
  switch (layer.kind) {
    case 'conv': {
      const weight = channelsFirst(weightOf(parameters, layer));
      const bias = biasOf(parameters, layer);
      const given = [graph.pixels(input), graph.parameter(weight), ...constantOf(graph, bias)];
      return graph.node('Conv', layer.name, given, {
        ...windowAttributes(layer),
        dilations: windowOf(layer).dilation,
        group: layer.groups ?? 1,
      });
    }
    case 'dense': {
      const weight = graph.parameter(weightOf(parameters, layer));
      const flat = graph.flattened(input, '', shape).name;
      const given = [flat, weight, ...constantOf(graph, biasOf(parameters, layer))];
      return graph.node('Gemm', layer.name, given, {}, true);
    }
    case 'add': {
      const flat = inputs.every((value) => value.flat);
      const terms = flat ? inputs.map(({ name }) => name) : inputs.map((one) => graph.pixels(one));
      const sum = terms.reduce((a, b) => graph.node('Add', layer.name, [a, b]).name);
      return { name: sum, flat };
    }
    case 'concat': {
      const flat = inputs.every((value) => value.flat);
      const parts = flat ? inputs.map(({ name }) => name) : inputs.map((one) => graph.pixels(one));
      return graph.node('Concat', layer.name, parts, { axis: 1 }, flat);
    }
    case 'average-pool':
      return graph.node('AveragePool', text, [graph.pixels(input)], {
        ...windowAttributes(layer),
        count_include_pad: Number(layer.countPadded ?? true),
      });
    case 'max-pool':
      return graph.node('MaxPool', text, [graph.pixels(input)], windowAttributes(layer));
    case 'shortcut':
      return shortcut(graph, layer, text, graph.pixels(input));
    case 'flatten':
      return graph.flattened(input, text, shape);
    case 'dropout':
      return input;
  }
}

function nonLinearity(
  graph: Graph,
  { name, maximum }: SummingLayer,
  value: GraphValue,
): GraphValue {
  if (maximum === undefined)
    return graph.node('Relu', `${name}_relu`, [value.name], {}, value.flat);
  const [low, high] = [0, maximum].map((bound) => graph.constant({ shape: [], values: [bound] }));
  return graph.node('Clip', `${name}_relu`, [value.name, low!, high!], {}, value.flat);
}

/** ResNet's option A: every so many-th pixel, channels of zeros around. */
function shortcut(
  graph: Graph,
  { stride, before, after }: ShortcutLayer,
  text: string,
  input: string,
): GraphValue {
  const large = 2 ** 31 - 1;
  const sliced =
    stride > 1
      ? graph.node('Slice', text, [
          ...[input, graph.integers([0, 0]), graph.integers([large, large])],
          ...[graph.integers([2, 3]), graph.integers([stride, stride])],
        ]).name
      : input;
  const pads = graph.integers([0, before, 0, 0, 0, after, 0, 0]);
  return graph.node('Pad', text, [sliced, pads]);
}

function windowAttributes(layer: ConvLayer | PoolLayer): Record<string, readonly number[]> {
  const { kernel, stride, padding } = windowOf(layer);
  const [top, bottom, left, right] = padding;
  return { kernel_shape: kernel, strides: stride, pads: [top, left, bottom, right] };
}

const constantOf = (graph: Graph, bias: Parameter | undefined): string[] =>
  bias ? [graph.parameter(bias)] : [];
