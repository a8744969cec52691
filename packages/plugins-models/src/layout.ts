import {
  layerShapes,
  parameterShapes,
  UserError,
  weightedLayers,
  type Architecture,
  type ChannelStatistics,
  type Parameter,
  type Parameters,
  type WeightedLayer,
} from '@privatesnn/core';

import { batchNormModules } from './batch-norm-modules.js';
import type { Network } from './description.js';
import { foldNamed } from './fold.js';
import { resnetTensors } from './resnet-tensors.js';
import type { Safetensors } from './safetensors/read.js';
import { readStatistics } from './statistics.js';

/** A network as a file gives it. */
interface FileContent {
  /** The description's, with a bias where batch normalisation was folded. */
  readonly architecture: Architecture;
  readonly parameters: Parameters;
  /** Of the layers that have, or had, batch normalisation. */
  readonly statistics: Readonly<Record<string, ChannelStatistics>>;
  /** Names of the file's tensors that nothing of it came from. */
  readonly unused: readonly string[];
  /** ε of the batch normalisations, where there are any and nobody says it. */
  readonly assumedEpsilon: number | undefined;
}

/**
 * Takes the parameters of a network from a safetensors file, in the layout of core's contract; PyTorch's batch
 * normalisation is folded.
 *
 * @throws UserError where a tensor is missing or has another shape, or a batch normalisation belongs to no layer
 */
export function readParameters(file: Safetensors, network: Network): FileContent {
  const layers = weightedLayers(network.architecture);
  const names = tensorNames(file, network, layers);
  const norms = batchNormModules(
    file,
    names,
    network.batchNorms ?? (network.layout === 'native' ? names.map(() => null) : undefined),
  );
  const pixels = pixelsBeforeFlatten(network.architecture);
  const parameters: Record<string, Parameter> = {};
  const statistics: Record<string, ChannelStatistics> = {};
  const unused = new Set(file.shapes.keys());
  const unusedBiases: string[] = [];
  const take = (name: string): Parameter => {
    unused.delete(name);
    return file.read(name);
  };
  layers.forEach((layer, i) => {
    const name = names[i]!;
    const expected = shapesOf(layer, network.layout);
    const weight = take(name);
    expectShape(weight, expected.file, name, file.file);
    const found =
      network.layout === 'native' ? weight : fromPytorch(weight, pixels.get(layer.name) ?? 1);
    parameters[`${layer.name}.weight`] = found;
    const channels = [expected.network.at(-1)!];
    const vector = (vectorName: string): Parameter => {
      const tensor = take(vectorName);
      expectShape(tensor, channels, vectorName, file.file);
      return tensor;
    };
    const biasName = biasOf(name);
    const norm = norms.get(name);
    if (norm) {
      const optional = (vectorName: string) =>
        file.shapes.has(vectorName) ? vector(vectorName) : undefined;
      const bias = biasName === undefined ? undefined : optional(biasName);
      const folded = foldNamed(
        found,
        bias,
        {
          scale: optional(`${norm}.weight`)?.data,
          shift: optional(`${norm}.bias`)?.data,
          mean: vector(`${norm}.running_mean`).data,
          variance: vector(`${norm}.running_var`).data,
          epsilon: network.batchNormEpsilon ?? pytorchEpsilon,
        },
        { name: norm, file: file.file },
      );
      unused.delete(`${norm}.num_batches_tracked`);
      parameters[`${layer.name}.weight`] = folded.weight;
      parameters[`${layer.name}.bias`] = folded.bias;
      statistics[layer.name] = folded.statistics;
    } else if (layer.bias) {
      if (biasName === undefined) throw nameless(name, file.file);
      parameters[`${layer.name}.bias`] = vector(biasName);
    } else if (biasName !== undefined && file.shapes.has(biasName)) {
      unusedBiases.push(biasName);
    }
    const saved = network.layout === 'native' ? readStatistics(file, layer.name) : undefined;
    if (saved) {
      saved.names.forEach(vector);
      statistics[layer.name] = saved.statistics;
    }
  });
  if (unusedBiases.length > 0) throw biasesUnused(unusedBiases, file.file);
  const architecture = {
    ...network.architecture,
    layers: network.architecture.layers.map((layer) =>
      'bias' in layer && `${layer.name}.bias` in parameters ? { ...layer, bias: true } : layer,
    ),
  };
  const assumedEpsilon =
    norms.size > 0 && network.batchNormEpsilon === undefined ? pytorchEpsilon : undefined;
  return { architecture, parameters, statistics, unused: [...unused], assumedEpsilon };
}

/** PyTorch's default, which its files do not hold. */
const pytorchEpsilon = 1e-5;

/**
 * A PyTorch weight in our layout: convolutions [out, in, k, k] → [k, k, in, out]; dense [out, in] → [in, out].
 *
 * @param pixels of the feature map that a dense layer's input was flattened from: PyTorch flattens channels
 *   first, we flatten pixels first; 1 where it makes no difference
 */
export function fromPytorch({ shape, data }: Parameter, pixels: number): Parameter {
  const [outputs = 0, inputs = 0, kernelHeight = 1, kernelWidth = 1] = shape;
  const result = new Float32Array(data.length);
  if (shape.length === 4) {
    const area = kernelHeight * kernelWidth;
    for (let o = 0; o < outputs; o++) {
      for (let i = 0; i < inputs; i++) {
        for (let k = 0; k < area; k++) {
          result[(k * inputs + i) * outputs + o] = data[(o * inputs + i) * area + k]!;
        }
      }
    }
    return { shape: [kernelHeight, kernelWidth, inputs, outputs], data: result };
  }
  const channels = inputs / pixels;
  for (let o = 0; o < outputs; o++) {
    for (let c = 0; c < channels; c++) {
      for (let p = 0; p < pixels; p++) {
        result[(p * channels + c) * outputs + o] = data[o * inputs + c * pixels + p]!;
      }
    }
  }
  return { shape: [inputs, outputs], data: result };
}

/** The shape of a layer's weight in core's contract, and in a file. */
function shapesOf(
  layer: WeightedLayer,
  layout: Network['layout'],
): { readonly network: readonly number[]; readonly file: readonly number[] } {
  const network = parameterShapes(layer)[`${layer.name}.weight`]!;
  if (layout === 'native') return { network, file: network };
  if (layer.kind === 'dense') return { network, file: network.toReversed() };
  const [height, width, inChannels, outChannels] = network as [number, number, number, number];
  return { network, file: [outChannels, inChannels, height, width] };
}

/** The name of the bias beside a weight; undefined where the weight's name does not tell it. */
function biasOf(weight: string): string | undefined {
  return weight.endsWith('weight') ? weight.replace(/weight$/, 'bias') : undefined;
}

/** For the first dense layer after the flatten: the pixels of the feature map before it. */
function pixelsBeforeFlatten(architecture: Architecture): ReadonlyMap<string, number> {
  const shapes = layerShapes(architecture);
  const flatten = architecture.layers.findIndex((layer) => layer.kind === 'flatten');
  const [height, width] = shapes[flatten - 1] ?? architecture.inputShape;
  const first = architecture.layers.slice(flatten + 1).find((layer) => layer.kind === 'dense');
  return new Map(flatten >= 0 && first ? [[first.name, height * width]] : []);
}

function tensorNames(
  file: Safetensors,
  { layout, tensors }: Network,
  layers: readonly WeightedLayer[],
): readonly string[] {
  const names = tensors ?? usualNames(file, layout, layers);
  if (names.length === layers.length) return names;
  throw new UserError(
    'data',
    'TENSOR_COUNT',
    `The network has ${layers.length} weighted layers (${layers.map(({ name }) => name).join(', ')}), ` +
      `but ${names.length} weight tensors are named: ${names.join(', ') || 'none'}.`,
    {
      hint: 'Check "architecture" and "layout", or list the names of the weight tensors, in the order of the layers, in "tensors".',
      place: { file: file.file },
    },
  );
}

/** The names of the weights as a layout has them. */
function usualNames(
  file: Safetensors,
  layout: Network['layout'],
  layers: readonly WeightedLayer[],
): readonly string[] {
  const names = layers.map(({ name }) => name);
  switch (layout) {
    case 'native':
      return names.map((name) => `${name}.weight`);
    case 'pytorch-vgg':
      return [...numbered(file, 'features'), ...numbered(file, 'classifier')];
    case 'pytorch-resnet':
      return resnetTensors(file, names);
  }
}

/** Weights named `<prefix>.<number>.weight`, by number; not those of batch normalisation. */
function numbered(file: Safetensors, prefix: string): string[] {
  const pattern = new RegExp(`^(?:.*\\.)?${prefix}\\.(\\d+)\\.weight$`);
  return [...file.shapes.keys()]
    .filter((name) => !file.shapes.has(name.replace(/weight$/, 'running_mean')))
    .map((name) => ({ name, number: Number(pattern.exec(name)?.[1] ?? NaN) }))
    .filter(({ number }) => !Number.isNaN(number))
    .sort((a, b) => a.number - b.number)
    .map(({ name }) => name);
}

function expectShape(
  { shape }: Parameter,
  expected: readonly number[],
  name: string,
  file: string,
): void {
  if (shape.join() === expected.join()) return;
  throw new UserError(
    'data',
    'TENSOR_SHAPE',
    `The tensor "${name}" of ${file} has the shape ${shape.join(' × ') || 'of a scalar'}, but the network needs ${expected.join(' × ')} there.`,
    {
      hint: 'Check "architecture", "width", "hidden", "inputShape", "classes" and "layout".',
      place: { file },
    },
  );
}

function nameless(weight: string, file: string): UserError {
  return new UserError(
    'data',
    'TENSOR_NAME',
    `The layer of the weight "${weight}" has a bias, but its name is not to be told from the weight's: that does not end in "weight".`,
    { hint: 'Rename the tensors: fc1.weight, fc1.bias.', place: { file } },
  );
}

function biasesUnused(names: readonly string[], file: string): UserError {
  return new UserError(
    'data',
    'BIAS_UNUSED',
    `${file} holds biases of layers that should have none, so that the network would compute something else: ${names.join(', ')}.`,
    { hint: 'Set "bias: true".', place: { file } },
  );
}
