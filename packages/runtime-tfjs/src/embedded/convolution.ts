import type { backend_util } from '@tensorflow/tfjs-core';

import type { ConvShape, Dense } from '@privatesnn/spiking';

import type { Tf } from '../runtime.js';
import { floatsOf, floatTensor, type KernelCall, type Kernels } from './kernel.js';

type Shape4D = [number, number, number, number];
type Info = backend_util.Conv2DInfo;

/** Convolution and its gradients; channels last, without dilation. */
export function convolutionKernels(tf: Tf, dense: Dense): Kernels {
  const infoOf = (
    attrs: KernelCall['attrs'],
    input: readonly number[],
    filter: readonly number[],
  ): Info | undefined => {
    if (attrs['dataFormat'] !== 'NHWC') return undefined;
    const info = tf.backend_util.computeConv2DInfo(
      input as Shape4D,
      filter as Shape4D,
      attrs['strides'] as [number, number],
      (attrs['dilations'] as [number, number] | undefined) ?? 1,
      attrs['pad'] as 'same' | 'valid' | number,
      attrs['dimRoundingMode'] as 'floor' | 'round' | 'ceil' | undefined,
    );
    return info.dilationHeight === 1 && info.dilationWidth === 1 ? info : undefined;
  };
  return {
    Conv2D: ({ inputs, attrs, backend }) => {
      const x = floatsOf(backend, inputs['x']);
      const filter = floatsOf(backend, inputs['filter']);
      const info = infoOf(attrs, inputs['x']!.shape, inputs['filter']!.shape);
      if (!x || !filter || !info) return undefined;
      return floatTensor(backend, info.outShape, dense.conv(shapeOf(info), x, filter));
    },
    Conv2DBackpropInput: ({ inputs, attrs, backend }) => {
      const dy = floatsOf(backend, inputs['dy']);
      const filter = floatsOf(backend, inputs['filter']);
      const info = infoOf(attrs, attrs['inputShape'] as Shape4D, inputs['filter']!.shape);
      if (!dy || !filter || !info) return undefined;
      const gradient = dense.convInputGradient(shapeOf(info), dy, filter);
      return floatTensor(backend, info.inShape, gradient);
    },
    Conv2DBackpropFilter: ({ inputs, attrs, backend }) => {
      const x = floatsOf(backend, inputs['x']);
      const dy = floatsOf(backend, inputs['dy']);
      const info = infoOf(attrs, inputs['x']!.shape, attrs['filterShape'] as Shape4D);
      if (!x || !dy || !info) return undefined;
      const gradient = dense.convFilterGradient(shapeOf(info), x, dy);
      return floatTensor(backend, info.filterShape, gradient);
    },
  };
}

function shapeOf(info: Info): ConvShape {
  return {
    images: info.batchSize,
    height: info.inHeight,
    width: info.inWidth,
    channels: info.inChannels,
    kernelHeight: info.filterHeight,
    kernelWidth: info.filterWidth,
    filters: info.outChannels,
    strideHeight: info.strideHeight,
    strideWidth: info.strideWidth,
    padTop: info.padInfo.top,
    padLeft: info.padInfo.left,
    outHeight: info.outHeight,
    outWidth: info.outWidth,
  };
}
