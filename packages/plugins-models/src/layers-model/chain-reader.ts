import {
  layerShapes,
  UserError,
  type Architecture,
  type ChannelStatistics,
  type Layer,
  type Parameter,
  type WeightedLayer,
} from '@privatesnn/core';
import { foldBatchNorm } from '@privatesnn/spiking';
import { z } from 'zod';

import type { KerasLayer } from './topology.js';

const sizes = z.union([z.int().min(1), z.array(z.int().min(1))]);

/** Builds a network layer by layer; `state` says what the last weighted layer still lacks. */
export class ChainReader {
  readonly parameters: Record<string, Parameter> = {};
  /** Of the layers whose batch normalisation was folded. */
  readonly statistics: Record<string, ChannelStatistics> = {};
  private readonly layers: Layer[] = [];
  private shape: [number, number, number] | undefined;
  private inputShape: [number, number, number] | undefined;
  /** The weighted layer that no activation has followed yet. */
  private open: WeightedLayer | undefined;
  private softmax = false;

  constructor(
    private readonly file: string,
    private readonly weight: (layer: string, name: string) => Parameter,
  ) {}

  add(layer: KerasLayer): void {
    this.readInputShape(layer);
    switch (layer.className) {
      case 'InputLayer':
        return;
      case 'Conv2D':
        return this.addConvolution(layer);
      case 'Dense':
        return this.addDense(layer);
      case 'BatchNormalization':
        return this.foldNormalisation(layer);
      case 'Activation':
        return this.activate(layer, String(layer.config['activation']));
      case 'ReLU':
        return this.addRelu(layer);
      case 'Softmax':
        return this.activate(layer, 'softmax');
      case 'AveragePooling2D':
      case 'MaxPooling2D':
        return this.addPool(layer);
      case 'Flatten':
        return this.push({ kind: 'flatten' }, layer);
      case 'Dropout':
        return this.push({ kind: 'dropout', rate: Number(layer.config['rate'] ?? 0) }, layer);
      default:
        throw this.unsupported(layer, `the layer type ${layer.className} is not known here`);
    }
  }

  finish(): Architecture {
    const last = this.open;
    if (!last || this.layers.at(-1) !== last || last.kind !== 'dense' || !this.inputShape) {
      throw new UserError(
        'data',
        'MODEL_HEAD',
        `The model ${this.file} must end with a Dense layer that gives the logits.`,
        { hint: 'A softmax may follow it, but no ReLU.', place: { file: this.file } },
      );
    }
    return {
      name: 'LayersModel',
      inputShape: this.inputShape,
      classes: last.outputs,
      layers: this.layers,
    };
  }

  private readInputShape({ config }: KerasLayer): void {
    if (this.inputShape) return;
    const given = config['batch_input_shape'] ?? config['batch_shape'];
    const parsed = z
      .array(z.int().min(1))
      .length(3)
      .safeParse(Array.isArray(given) && given.slice(1));
    if (!parsed.success) {
      throw new UserError(
        'data',
        'MODEL_INPUT_SHAPE',
        `The first layer of ${this.file} should give the input shape [null, height, width, channels], but gives ${JSON.stringify(given)}.`,
        { hint: 'Save the model with a fixed image size.', place: { file: this.file } },
      );
    }
    this.inputShape = parsed.data as [number, number, number];
    this.shape = this.inputShape;
  }

  private addConvolution(layer: KerasLayer): void {
    const { config, name } = layer;
    const kernel = this.square(layer, 'kernel_size');
    const stride = this.square(layer, 'strides', 1);
    this.expectDefault(layer, 'dilation_rate', 1);
    this.expectDefault(layer, 'groups', 1);
    this.expectChannelsLast(layer);
    const same = config['padding'] === 'same';
    if (same && (stride !== 1 || kernel % 2 === 0)) {
      throw this.unsupported(layer, '"same" padding is read with stride 1 and an odd kernel only');
    }
    const outChannels = Number(config['filters']);
    const bias = config['use_bias'] !== false;
    const padding = same ? (kernel - 1) / 2 : 0;
    const inChannels = this.shape![2];
    const converted = { name, inChannels, outChannels, kernel, stride, padding, bias } as const;
    this.addWeighted({ kind: 'conv', ...converted }, layer, [
      kernel,
      kernel,
      inChannels,
      outChannels,
    ]);
  }

  private addDense(layer: KerasLayer): void {
    const [height, width, inputs] = this.shape!;
    if (height * width !== 1) throw this.unsupported(layer, 'a Flatten layer must come before it');
    const outputs = Number(layer.config['units']);
    const bias = layer.config['use_bias'] !== false;
    this.addWeighted({ kind: 'dense', name: layer.name, inputs, outputs, bias }, layer, [
      inputs,
      outputs,
    ]);
  }

  private addWeighted(converted: WeightedLayer, layer: KerasLayer, shape: readonly number[]): void {
    this.push(converted, layer);
    this.parameters[`${layer.name}.weight`] = this.checked(layer, 'kernel', shape);
    if (converted.bias) {
      this.parameters[`${layer.name}.bias`] = this.checked(layer, 'bias', [shape.at(-1)!]);
    }
    this.open = converted;
    this.activate(layer, String(layer.config['activation'] ?? 'linear'));
  }

  private foldNormalisation(layer: KerasLayer): void {
    const target = this.open;
    if (!target || this.layers.at(-1) !== target || this.softmax) {
      throw this.unsupported(
        layer,
        'it must follow directly on a Conv2D or Dense without activation, so that it can be folded',
      );
    }
    const channels = target.kind === 'conv' ? target.outChannels : target.outputs;
    const read = (name: string) => this.checked(layer, name, [channels]).data;
    const folded = foldBatchNorm(
      this.parameters[`${target.name}.weight`]!,
      this.parameters[`${target.name}.bias`],
      {
        scale: layer.config['scale'] === false ? undefined : read('gamma'),
        shift: layer.config['center'] === false ? undefined : read('beta'),
        mean: read('moving_mean'),
        variance: read('moving_variance'),
        epsilon: Number(layer.config['epsilon'] ?? 1e-3),
      },
    );
    this.parameters[`${target.name}.weight`] = folded.weight;
    this.parameters[`${target.name}.bias`] = folded.bias;
    this.statistics[target.name] = folded.statistics;
    this.open = { ...target, bias: true };
    this.layers[this.layers.length - 1] = this.open;
  }

  private addRelu(layer: KerasLayer): void {
    const { max_value: max, negative_slope: slope, threshold } = layer.config;
    if ((max !== null && max !== undefined) || slope || threshold) {
      throw this.unsupported(layer, 'only a plain ReLU has a spiking counterpart');
    }
    this.activate(layer, 'relu');
  }

  private activate(layer: KerasLayer, activation: string): void {
    if (activation === 'linear') return;
    if (!this.open || this.layers.at(-1) !== this.open) {
      throw this.unsupported(layer, 'an activation must follow directly on a Conv2D or Dense');
    }
    if (activation === 'relu') this.open = undefined;
    else if (activation === 'softmax') this.softmax = true;
    else throw this.unsupported(layer, `the activation ${activation} has no spiking counterpart`);
  }

  private addPool(layer: KerasLayer): void {
    const size = this.square(layer, 'pool_size');
    this.expectDefault(layer, 'strides', size);
    this.expectChannelsLast(layer);
    const [height, width] = this.shape!;
    if (layer.config['padding'] === 'same' && (height % size !== 0 || width % size !== 0)) {
      throw this.unsupported(layer, 'its windows must not reach over the edge');
    }
    const kind = layer.className === 'MaxPooling2D' ? 'max-pool' : 'average-pool';
    this.push({ kind, size }, layer);
  }

  /** Appends a layer, and follows the shape. */
  private push(converted: Layer, layer: KerasLayer): void {
    if (this.open) {
      throw this.unsupported(
        layer,
        `every weighted layer but the last needs a ReLU right after it, and "${this.open.name}" has none`,
      );
    }
    if (converted.kind === 'dropout' && converted.rate === 0) return;
    this.layers.push(converted);
    try {
      const inputShape = this.inputShape!;
      const network = { name: this.file, inputShape, classes: 1, layers: this.layers };
      this.shape = layerShapes(network).at(-1);
    } catch (error) {
      throw this.unsupported(layer, error instanceof Error ? error.message : String(error));
    }
  }

  private checked(layer: KerasLayer, name: string, shape: readonly number[]): Parameter {
    const found = this.weight(layer.name, name);
    if (found.shape.join() === shape.join()) return found;
    throw new UserError(
      'data',
      'TENSOR_SHAPE',
      `The weight "${layer.name}/${name}" of ${this.file} has the shape ${found.shape.join(' × ')}, but ${shape.join(' × ')} was expected.`,
      { hint: 'The topology and the weights do not belong together.', place: { file: this.file } },
    );
  }

  private square(layer: KerasLayer, key: string, fallback?: number): number {
    const parsed = sizes.safeParse(layer.config[key] ?? fallback);
    const values = parsed.success ? [parsed.data].flat() : [];
    if (values[0] !== undefined && values.every((value) => value === values[0])) return values[0];
    throw this.unsupported(layer, `"${key}" must be one size for both directions`);
  }

  private expectDefault(layer: KerasLayer, key: string, expected: number): void {
    if (this.square(layer, key, expected) !== expected) {
      throw this.unsupported(layer, `"${key}" must be ${expected}`);
    }
  }

  private expectChannelsLast(layer: KerasLayer): void {
    if ((layer.config['data_format'] ?? 'channels_last') !== 'channels_last') {
      throw this.unsupported(layer, 'its data format must be channels_last');
    }
  }

  private unsupported(layer: KerasLayer, reason: string): UserError {
    return new UserError(
      'data',
      'MODEL_LAYER',
      `The layer "${layer.name}" (${layer.className}) of ${this.file} cannot be converted: ${reason}.`,
      {
        hint: 'Convertible chains hold Conv2D, Dense, BatchNormalization, ReLU, pooling, Flatten and Dropout.',
        place: { file: this.file },
      },
    );
  }
}
