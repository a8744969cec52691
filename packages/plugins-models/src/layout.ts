import {
  layerShapes,
  UserError,
  weightedLayers,
  type Architecture,
  type ChannelStatistics,
  type Parameter,
  type Parameters,
  type WeightedLayer,
} from '@privatesnn/core';
import { foldBatchNorm } from '@privatesnn/spiking';

import { batchNormModules } from './batch-norm-modules.js';
import type { Network } from './description.js';
import type { Safetensors } from './safetensors.js';
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
  const take = (name: string): Parameter => {
    unused.delete(name);
    return file.read(name);
  };
  layers.forEach((layer, i) => {
    const name = names[i]!;
    const weight = take(name);
    const expected = weightShape(layer);
    const found =
      network.layout === 'pytorch-vgg' ? fromPytorch(weight, pixels.get(layer.name) ?? 1) : weight;
    expectShape(found.shape, expected, name, weight.shape, file.file);
    parameters[`${layer.name}.weight`] = found;
    const channels = [expected.at(-1)!];
    const vector = (vectorName: string): Parameter => {
      const tensor = take(vectorName);
      expectShape(tensor.shape, channels, vectorName, tensor.shape, file.file);
      return tensor;
    };
    const biasName = name.replace(/weight$/, 'bias');
    const norm = norms.get(name);
    if (norm) {
      const optional = (vectorName: string) =>
        file.shapes.has(vectorName) ? vector(vectorName) : undefined;
      const bias = optional(biasName);
      const folded = foldBatchNorm(found, bias, {
        scale: optional(`${norm}.weight`)?.data,
        shift: optional(`${norm}.bias`)?.data,
        mean: vector(`${norm}.running_mean`).data,
        variance: vector(`${norm}.running_var`).data,
        epsilon: pytorchEpsilon,
      });
      unused.delete(`${norm}.num_batches_tracked`);
      parameters[`${layer.name}.weight`] = folded.weight;
      parameters[`${layer.name}.bias`] = folded.bias;
      statistics[layer.name] = folded.statistics;
    } else if (layer.bias) {
      parameters[`${layer.name}.bias`] = vector(biasName);
    }
    const saved = network.layout === 'native' ? readStatistics(file, layer.name) : undefined;
    if (saved) {
      saved.names.forEach(vector);
      statistics[layer.name] = saved.statistics;
    }
  });
  const architecture = {
    ...network.architecture,
    layers: network.architecture.layers.map((layer) =>
      'bias' in layer && `${layer.name}.bias` in parameters ? { ...layer, bias: true } : layer,
    ),
  };
  return { architecture, parameters, statistics, unused: [...unused] };
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

/** The shape that core's contract demands of a layer's weight. */
function weightShape(layer: WeightedLayer): number[] {
  return layer.kind === 'conv'
    ? [layer.kernel, layer.kernel, layer.inChannels, layer.outChannels]
    : [layer.inputs, layer.outputs];
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
  const names =
    tensors ??
    (layout === 'native'
      ? layers.map((layer) => `${layer.name}.weight`)
      : [...numbered(file, 'features'), ...numbered(file, 'classifier')]);
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
  shape: readonly number[],
  expected: readonly number[],
  name: string,
  inFile: readonly number[],
  file: string,
): void {
  if (shape.join() === expected.join()) return;
  throw new UserError(
    'data',
    'TENSOR_SHAPE',
    `The tensor "${name}" of ${file} has the shape ${inFile.join(' × ')}; read in the given layout that is ` +
      `${shape.join(' × ')}, but the network needs ${expected.join(' × ')}.`,
    {
      hint: 'Check "architecture", "width", "hidden", "inputShape", "classes" and "layout".',
      place: { file },
    },
  );
}
