import {
  layerShapes,
  UserError,
  type Architecture,
  type ChannelStatistics,
  type Layer,
  type Parameter,
  type WeightedLayer,
} from '@privatesnn/core';
import { z } from 'zod';

import { foldNamed } from '../fold.js';
import { layerSettings, trainingOnly, type LayerType, type Settings } from './settings.js';
import type { KerasLayer } from './topology.js';

const inputShapeSchema = z.tuple([
  z.int().min(1).nullable(),
  z.int().min(1),
  z.int().min(1),
  z.int().min(1),
]);

/** Builds a network layer by layer; `open` says what the last weighted layer still lacks. */
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
        this.settings(layer, 'InputLayer');
        return;
      case 'Conv2D':
        return this.addConvolution(layer, this.settings(layer, 'Conv2D'));
      case 'Dense':
        return this.addDense(layer, this.settings(layer, 'Dense'));
      case 'BatchNormalization':
        return this.foldNormalisation(layer, this.settings(layer, 'BatchNormalization'));
      case 'Activation':
        return this.activate(layer, this.settings(layer, 'Activation').activation);
      case 'ReLU':
        this.settings(layer, 'ReLU');
        return this.activate(layer, 'relu');
      case 'Softmax':
        this.settings(layer, 'Softmax');
        return this.activate(layer, 'softmax');
      case 'AveragePooling2D':
      case 'MaxPooling2D':
        return this.addPool(layer, this.settings(layer, layer.className));
      case 'Flatten':
        this.settings(layer, 'Flatten');
        return this.push({ kind: 'flatten' }, layer);
      case 'Dropout': {
        const { rate } = this.settings(layer, 'Dropout');
        return rate === 0 ? undefined : this.push({ kind: 'dropout', rate }, layer);
      }
      default:
        if (!trainingOnly.has(layer.className as LayerType)) {
          throw this.unsupported(layer, `the layer type ${layer.className} is not known here`);
        }
        this.settings(layer, layer.className as LayerType);
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

  /** The settings of a layer, each looked at. */
  private settings<T extends LayerType>(layer: KerasLayer, type: T): Settings<T> {
    const result = layerSettings[type].safeParse(layer.config);
    if (result.success) return result.data as Settings<T>;
    const { path, message } = result.error.issues[0]!;
    const key = String(path[0]);
    const value = layer.config[key];
    const found = value === undefined ? 'is missing' : `is ${JSON.stringify(value)}`;
    throw this.unsupported(layer, `its setting "${key}" ${found}`, message);
  }

  /** The first layer gives the shape of the input; where others give one, it must be what reaches them. */
  private readInputShape(layer: KerasLayer): void {
    if (!this.shape) {
      const [given] = layer.inputShapes;
      const parsed = inputShapeSchema.safeParse(given);
      if (!parsed.success) {
        throw new UserError(
          'data',
          'MODEL_INPUT_SHAPE',
          `The first layer of ${this.file} should give the input shape [null, height, width, channels], but gives ${JSON.stringify(given) ?? 'none'}.`,
          { hint: 'Save the model with a fixed image size.', place: { file: this.file } },
        );
      }
      const [, height, width, channels] = parsed.data;
      this.inputShape = [height, width, channels];
      this.shape = this.inputShape;
    }
    const expected = this.flat ? this.shape.slice(2) : this.shape;
    const fits = (given: unknown) =>
      Array.isArray(given) && given.slice(1).join() === expected.join();
    const wrong = layer.inputShapes.find((given) => !fits(given));
    if (wrong === undefined) return;
    throw this.unsupported(
      layer,
      `what reaches it has the shape ${JSON.stringify([null, ...expected])}, but the file says ${JSON.stringify(wrong)}`,
      'The file contradicts itself: save the model again.',
    );
  }

  /** Whether the data are vectors, not images. */
  private get flat(): boolean {
    return this.layers.some(({ kind }) => kind === 'flatten' || kind === 'dense');
  }

  private addConvolution(layer: KerasLayer, settings: Settings<'Conv2D'>): void {
    const { filters: outChannels, kernel_size: kernel, strides: stride } = settings;
    if (this.flat) throw this.unsupported(layer, 'it follows on a Flatten');
    const same = settings.padding === 'same';
    if (same && (stride !== 1 || kernel % 2 === 0)) {
      throw this.unsupported(
        layer,
        'its setting "padding" is "same", which is read with stride 1 and an odd kernel only',
        'Train the network with padding "valid" there.',
      );
    }
    const padding = same ? (kernel - 1) / 2 : 0;
    const inChannels = this.shape![2];
    const bias = settings.use_bias;
    const converted = { inChannels, outChannels, kernel, stride, padding, bias } as const;
    const shape = [kernel, kernel, inChannels, outChannels];
    this.addWeighted({ kind: 'conv', name: layer.name, ...converted }, layer, shape);
    this.activate(layer, settings.activation);
  }

  private addDense(layer: KerasLayer, settings: Settings<'Dense'>): void {
    if (!this.flat) throw this.unsupported(layer, 'a Flatten layer must come before it');
    const inputs = this.shape![2];
    const { units: outputs, use_bias: bias } = settings;
    const converted = { kind: 'dense', name: layer.name, inputs, outputs, bias } as const;
    this.addWeighted(converted, layer, [inputs, outputs]);
    this.activate(layer, settings.activation);
  }

  private addWeighted(converted: WeightedLayer, layer: KerasLayer, shape: readonly number[]): void {
    this.push(converted, layer);
    this.parameters[`${layer.name}.weight`] = this.checked(layer, 'kernel', shape);
    if (converted.bias) {
      this.parameters[`${layer.name}.bias`] = this.checked(layer, 'bias', [shape.at(-1)!]);
    }
    this.open = converted;
  }

  private foldNormalisation(layer: KerasLayer, settings: Settings<'BatchNormalization'>): void {
    const target = this.open;
    if (!target || this.layers.at(-1) !== target || this.softmax) {
      throw this.unsupported(
        layer,
        'it must follow directly on a Conv2D or Dense without activation, so that it can be folded',
      );
    }
    const axes = target.kind === 'conv' ? [-1, 3] : [-1, 1];
    if (!axes.includes(settings.axis)) {
      throw this.unsupported(
        layer,
        `its setting "axis" is ${settings.axis}, but must be the channels' (-1)`,
        'Train the network with batch normalisation over the channels.',
      );
    }
    const channels = target.kind === 'conv' ? target.outChannels : target.outputs;
    const read = (name: string) => this.checked(layer, name, [channels]).data;
    const folded = foldNamed(
      this.parameters[`${target.name}.weight`]!,
      this.parameters[`${target.name}.bias`],
      {
        scale: settings.scale ? read('gamma') : undefined,
        shift: settings.center ? read('beta') : undefined,
        mean: read('moving_mean'),
        variance: read('moving_variance'),
        epsilon: settings.epsilon,
      },
      { name: layer.name, file: this.file },
    );
    this.parameters[`${target.name}.weight`] = folded.weight;
    this.parameters[`${target.name}.bias`] = folded.bias;
    this.statistics[target.name] = folded.statistics;
    this.open = { ...target, bias: true };
    this.layers[this.layers.length - 1] = this.open;
  }

  private activate(layer: KerasLayer, activation: string): void {
    if (activation === 'linear') return;
    if (!this.open || this.layers.at(-1) !== this.open) {
      throw this.unsupported(layer, 'an activation must follow directly on a Conv2D or Dense');
    }
    if (this.softmax) throw this.unsupported(layer, 'it follows on a softmax');
    if (activation === 'relu') this.open = undefined;
    else if (activation === 'softmax') this.softmax = true;
    else {
      throw this.unsupported(
        layer,
        `the activation ${activation} has no spiking counterpart`,
        'Train the network with ReLU.',
      );
    }
  }

  private addPool(layer: KerasLayer, settings: Settings<'AveragePooling2D'>): void {
    const { pool_size: size, strides = size } = settings;
    if (this.flat) throw this.unsupported(layer, 'it follows on a Flatten');
    if (strides !== size) {
      throw this.unsupported(
        layer,
        `its setting "strides" must be ${size}, as its windows are, but is ${strides}`,
        'Train the network with poolings that do not overlap.',
      );
    }
    const [height, width] = this.shape!;
    if (settings.padding === 'same' && (height % size !== 0 || width % size !== 0)) {
      throw this.unsupported(
        layer,
        `its setting "padding" is "same", but ${height} × ${width} pixels are no whole number of windows`,
        'Train the network with padding "valid" there.',
      );
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

  private unsupported(layer: KerasLayer, reason: string, wayOut = convertible): UserError {
    return new UserError(
      'data',
      'MODEL_LAYER',
      `The layer "${layer.name}" (${layer.className}) of ${this.file} cannot be converted: ${reason}.`,
      { hint: wayOut, place: { file: this.file } },
    );
  }
}

const convertible =
  'Convertible chains hold Conv2D, Dense, BatchNormalization, ReLU, pooling, Flatten and Dropout.';
