import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';

import {
  beyondChain,
  squareWindow,
  type Ann,
  type Architecture,
  type Layer,
  type Parameters,
} from '@privatesnn/core';
import type { DenseLayer } from '@privatesnn/spiking';

import { annForward, annTensors } from './ann.js';
import { embeddedDense } from './embedded/backend.js';
import { profiled } from './embedded/profile.js';
import type { Tf } from './runtime.js';

/** An ANN whose weights stay: its logits, differentiable with respect to the images. */
export interface FrozenAnn {
  /** @param x [images, height, width, channels] in the network's input range; @returns logits, [images, classes] */
  readonly forward: (x: Tensor4D) => Tensor2D;
  readonly dispose: () => void;
}

/**
 * Prepares an ANN for many passes with the same weights, as image synthesis and attacks make them. On the embedded
 * engine a chain (see beyondChain) of ReLUs runs in one place, without a tensor for each layer; the bits are those of {@link annForward}.
 *
 * @param batch images of a pass, at most
 */
export function frozenAnn(
  tf: Tf,
  network: Pick<Ann, 'architecture' | 'activation' | 'parameters'>,
  batch: number,
): FrozenAnn {
  const { architecture, activation, parameters } = network;
  const dense = embeddedDense(tf);
  const layers = dense && !activation && denseLayers(architecture, parameters);
  if (!dense || !layers) {
    const tensors = annTensors(tf, parameters);
    return {
      forward: (x) => annForward(tf, network, tensors, x),
      dispose: () => tf.dispose(Object.values(tensors)),
    };
  }
  const chain = dense.network(architecture.inputShape, layers, batch);
  const chainForward = (x: Tensor4D, images: number) =>
    profiled('network', 'forward', () => chain.forward(x.dataSync() as Float32Array, images));
  // What the heap holds belongs to one pass; another one in between makes the way back compute it anew.
  let passes = 0;
  const forward = tf.customGrad((input) => {
    const x = input as Tensor4D;
    const pass = ++passes;
    const [images] = x.shape;
    const logits = chainForward(x, images);
    return {
      value: tf.tensor2d(logits, [images, architecture.classes]),
      gradFunc: (dy) => {
        if (pass !== passes) chainForward(x, images);
        passes++;
        const gradient = profiled('network', 'back', () =>
          chain.backward(dy.dataSync() as Float32Array),
        );
        return tf.tensor4d(gradient, x.shape);
      },
    };
  });
  return { forward: (x) => forward(x) as Tensor2D, dispose: () => chain.close() };
}

/** The architecture as a chain of dense layers; undefined where it is none. */
function denseLayers(
  architecture: Architecture,
  parameters: Parameters,
): readonly DenseLayer[] | undefined {
  if (beyondChain(architecture)) return undefined;
  const { layers } = architecture;
  const weighted = layers.filter(({ kind }) => kind === 'conv' || kind === 'dense');
  const chain: DenseLayer[] = [];
  for (const layer of layers) {
    if (layer.kind === 'dropout' || layer.kind === 'flatten') continue;
    const made = denseLayer(layer, parameters, layer !== weighted.at(-1));
    if (!made) return undefined;
    chain.push(made);
  }
  return chain;
}

function denseLayer(layer: Layer, parameters: Parameters, relu: boolean): DenseLayer | undefined {
  switch (layer.kind) {
    case 'average-pool':
    case 'max-pool': {
      const { kernel } = squareWindow(layer)!;
      return { kind: 'pool', size: kernel, largest: layer.kind === 'max-pool' };
    }
    case 'conv':
    case 'dense': {
      const { data, shape } = parameters[`${layer.name}.weight`]!;
      const common = {
        kind: 'weighted' as const,
        weight: data,
        filters: shape.at(-1)!,
        relu,
        ...(layer.bias ? { bias: parameters[`${layer.name}.bias`]!.data } : {}),
      };
      if (layer.kind === 'dense') return common;
      const window = squareWindow(layer)!;
      return window.padding < window.kernel ? { ...common, window } : undefined;
    }
    default:
      return undefined;
  }
}
