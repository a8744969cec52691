import type { GradSaveFunc, Tensor } from '@tensorflow/tfjs-core';

import {
  outputChannels,
  weightedLayers,
  type Ann,
  type Architecture,
  type ChannelStatistics,
  type Parameter,
  type Parameters,
} from '@privatesnn/core';
import type { Tf } from '@privatesnn/runtime-tfjs';
import { foldBatchNorm } from '@privatesnn/spiking';

/** As in PyTorch. */
const epsilon = 1e-5;
/** The part of a batch in the running statistics, as in PyTorch. */
const momentum = 0.1;

/** Statistics by layer. */
export type LayerStatistics = Readonly<Record<string, ChannelStatistics>>;

/** Statistics of one batch. */
export interface BatchStatistics extends ChannelStatistics {
  /** Numbers of each channel. */
  readonly count: number;
}

const scaleOf = (layer: string) => `${layer}.batch-norm-scale`;
const shiftOf = (layer: string) => `${layer}.batch-norm-shift`;

/** The layers that batch normalisation follows in training: all with weights but the last. */
function normalisedLayers(architecture: Architecture) {
  return weightedLayers(architecture).slice(0, -1);
}

/** The parameters γ = 1 and β = 0 of every normalised layer, which are trained beside the weights. */
export function initialNorms(architecture: Architecture): Parameters {
  return Object.fromEntries(
    normalisedLayers(architecture).flatMap((layer): [string, Parameter][] => {
      const shape = [outputChannels(layer)];
      return [
        [scaleOf(layer.name), { shape, data: new Float32Array(shape[0]!).fill(1) }],
        [shiftOf(layer.name), { shape, data: new Float32Array(shape[0]!) }],
      ];
    }),
  );
}

/** Running statistics before the first batch: mean 0, variance 1. */
export function initialStatistics(architecture: Architecture): LayerStatistics {
  return Object.fromEntries(
    normalisedLayers(architecture).map((layer) => {
      const channels = outputChannels(layer);
      return [
        layer.name,
        { mean: new Float32Array(channels), variance: new Float32Array(channels).fill(1) },
      ];
    }),
  );
}

/**
 * Batch normalisation in training (Ioffe & Szegedy 2015), for `annForward`: y = γ·(x − m)/√(v + ε) + β, with mean m and
 * variance v of each channel over the images and pixels of the batch.
 *
 * @param tensors the network's parameters, with γ and β
 * @param onStatistics is given m and v
 */
export function batchNormalise(
  tf: Tf,
  tensors: Readonly<Record<string, Tensor>>,
  onStatistics: (layer: string, statistics: BatchStatistics) => void,
): (x: Tensor, layer: string) => Tensor {
  return (x, layer) => {
    const [scale, shift] = [tensors[scaleOf(layer)], tensors[shiftOf(layer)]];
    if (!scale || !shift) return x;
    const axes = x.shape.slice(0, -1).map((_, axis) => axis);
    const count = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
    const mean = (values: Tensor) => tf.div(tf.sum(values, axes), count);
    // By hand: tfjs's own gradients make several tensors of the size of x for each step of the formula.
    const normalise = tf.customGrad((...given) => {
      const [h, gamma, beta, save] = given as [Tensor, Tensor, Tensor, GradSaveFunc];
      const centre = mean(h);
      const centred = tf.sub(h, centre);
      const variance = mean(tf.square(centred));
      onStatistics(layer, {
        mean: Float32Array.from(centre.dataSync()),
        variance: Float32Array.from(variance.dataSync()),
        count,
      });
      const inverse = tf.rsqrt(tf.add(variance, epsilon));
      const normal = tf.mul(centred, inverse);
      save([normal, tf.mul(gamma, inverse)]);
      return {
        value: tf.add(tf.mul(normal, gamma), beta),
        gradFunc: (dy: Tensor, [y, factor]: Tensor[]) => {
          const dShift = tf.sum(dy, axes);
          const dScale = tf.sum(tf.mul(dy, y!), axes);
          const common = tf.add(tf.mul(y!, tf.div(dScale, count)), tf.div(dShift, count));
          return [tf.mul(tf.sub(dy, common), factor!), dScale, dShift];
        },
      };
    });
    return normalise(x, scale, shift);
  };
}

/** Running statistics after one more batch, of which they take the unbiased variance. */
export function updatedStatistics(
  running: LayerStatistics,
  batch: Readonly<Record<string, BatchStatistics>>,
): LayerStatistics {
  const blend = (old: Float32Array, now: Float32Array, factor = 1) =>
    old.map((value, c) => (1 - momentum) * value + momentum * factor * now[c]!);
  return Object.fromEntries(
    Object.entries(running).map(([layer, { mean, variance }]) => {
      const now = batch[layer]!;
      const unbiased = now.count / Math.max(1, now.count - 1);
      return [
        layer,
        { mean: blend(mean, now.mean), variance: blend(variance, now.variance, unbiased) },
      ];
    }),
  );
}

/** The same network without batch normalisation: it is part of the weights and biases. Exact but for rounding. */
export function foldedNetwork(
  architecture: Architecture,
  trained: Parameters,
  running: LayerStatistics,
): Pick<Ann, 'architecture' | 'parameters'> & { readonly statistics: LayerStatistics } {
  const parameters: Record<string, Parameter> = { ...trained };
  const statistics: Record<string, ChannelStatistics> = {};
  for (const { name } of normalisedLayers(architecture)) {
    const [scale, shift] = [trained[scaleOf(name)], trained[shiftOf(name)]];
    const layerStatistics = running[name];
    if (!scale || !shift || !layerStatistics) continue;
    const [weight, bias] = [`${name}.weight`, `${name}.bias`];
    const folded = foldBatchNorm(trained[weight]!, trained[bias], {
      ...layerStatistics,
      scale: scale.data,
      shift: shift.data,
      epsilon,
    });
    [parameters[weight], parameters[bias]] = [folded.weight, folded.bias];
    statistics[name] = folded.statistics;
    delete parameters[scaleOf(name)];
    delete parameters[shiftOf(name)];
  }
  return {
    architecture: {
      ...architecture,
      layers: architecture.layers.map((layer) =>
        layer.name !== undefined && layer.name in statistics && 'bias' in layer
          ? { ...layer, bias: true }
          : layer,
      ),
    },
    parameters,
    statistics,
  };
}
