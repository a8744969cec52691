import type { UserError } from '@privatesnn/core';

import { refuse, type Place } from '../steps/refusal.js';
import * as activate from './layers/activate.js';
import * as arrange from './layers/arrange.js';
import * as convolve from './layers/convolve.js';
import { dense } from './layers/dense.js';
import * as merge from './layers/merge.js';
import { identity, passive } from './layers/passive.js';
import * as pool from './layers/pool.js';
import * as scale from './layers/scale.js';
import type { Builder } from './operation.js';
import type { LayerType } from './settings.js';

/** What becomes of each type of layer; inputs are not built. */
export const builders: { readonly [T in Exclude<LayerType, 'InputLayer'>]: Builder<T> } = {
  Conv2D: convolve.conv2d,
  DepthwiseConv2D: convolve.depthwiseConv2d,
  SeparableConv2D: convolve.separableConv2d,
  Dense: dense,
  BatchNormalization: scale.batchNormalization,
  Normalization: scale.normalization,
  Rescaling: scale.rescaling,
  Activation: activate.activation,
  ReLU: activate.relu,
  Softmax: activate.softmax,
  AveragePooling2D: pool.pool,
  MaxPooling2D: pool.pool,
  GlobalAveragePooling2D: pool.globalPool,
  GlobalMaxPooling2D: pool.globalPool,
  ZeroPadding2D: pool.zeroPadding,
  Flatten: arrange.flatten,
  Reshape: arrange.reshape,
  Permute: arrange.permute,
  Add: merge.add,
  Average: merge.average,
  Concatenate: merge.concatenate,
  Identity: identity,
  Dropout: passive,
  SpatialDropout2D: passive,
  AlphaDropout: passive,
  GaussianDropout: passive,
  GaussianNoise: passive,
  ActivityRegularization: passive,
  RandomFlip: passive,
  RandomRotation: passive,
  RandomTranslation: passive,
  RandomZoom: passive,
  RandomBrightness: passive,
  RandomContrast: passive,
  'ops.Add': merge.add,
  'ops.Relu': activate.reluOperation,
  'ops.Relu6': activate.reluOperation,
};

const train = 'Train the network, or go on training it, with ReLU or ReLU6 in its place.';
const rebuild = 'Build the network without it, or with layers that are read, and train that one.';

/** Why layers are refused, by a pattern of their types. */
const reasons: readonly (readonly [RegExp, why: string, wayOut: string])[] = [
  [
    /^(TF)?(OpLambda|SlicingOpLambda|Lambda)$|^TensorFlowOpLayer$/,
    'it holds a program of its own, which is never run, or an operation outside of layers',
    'Build the network with layers alone (Add for "+", Rescaling for factors), copy the weights into it, and save that one.',
  ],
  [
    /^(Leaky|P|Thresholded)ReLU$|^ELU$|^SELU$/i,
    'no spiking neuron here gives anything for negative input, or for positive input below a bound nothing',
    train,
  ],
  [
    /^(ops\.)?(Multiply|Maximum|Minimum|Dot|Subtract)$|Attention/,
    'products, differences and selections of activations have no spiking counterpart here',
    rebuild,
  ],
  [
    /^(LSTM|GRU|SimpleRNN|ConvLSTM|Bidirectional|TimeDistributed|RNN|Embedding)/,
    'it is one of sequences, and images are read',
    'Give an image classifier.',
  ],
  [
    /^(Layer|Group|RMS|Unit|Spectral)Normalization$/,
    'it normalises by the image’s own numbers or while it is trained',
    'Train the network with BatchNormalization.',
  ],
  [/^ops\./, 'it is an operation outside of layers that is not read', rebuild],
];

/** The error for a type of layer that is not read. */
export function unknownLayer(place: Place, type: string): UserError {
  const found = reasons.find(([pattern]) => pattern.test(type));
  if (found) return refuse(place, found[1], found[2]);
  return refuse(place, `layers of the type ${type} are not read`, rebuild);
}
