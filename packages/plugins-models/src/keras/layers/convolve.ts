import { shaped } from '../../steps/feature.js';
import { refuse, saveAgain } from '../../steps/refusal.js';
import type { ConvStep, Step } from '../../steps/step.js';
import { windowOver } from '../../steps/window.js';
import { asImages, images, type Builder, type Operation } from '../operation.js';
import { activated } from './activate.js';

type Convolution = 'Conv2D' | 'DepthwiseConv2D' | 'SeparableConv2D';

/** What a convolution does beside its window. */
interface Kernel {
  /** [height, width, channels in / groups, channels out], or the last two of a depthwise convolution. */
  readonly weight: Float32Array;
  readonly out: number;
  readonly groups: number;
  readonly bias: Float64Array | undefined;
  /** What layers are called after. */
  readonly name: string;
}

function convolved(
  operation: Operation<Convolution>,
  input: Step,
  { weight, out, groups, bias, name }: Kernel,
): ConvStep {
  const { settings, node } = operation;
  const [height, width] = input.shape;
  const window = windowOver(
    {
      size: settings.kernel_size,
      stride: settings.strides,
      dilation: settings.dilation_rate,
      padding: settings.padding === 'same' ? 'same' : 'none',
    },
    [height, width],
  );
  if (typeof window === 'string') throw refuse(operation, window, saveAgain);
  return {
    kind: 'conv',
    node,
    inputs: [input],
    shape: shaped(...window.output, out),
    weight,
    weightName: `${name}/kernel`,
    bias,
    kernel: window.size,
    stride: window.stride,
    dilation: window.dilation,
    padding: window.padding,
    groups,
  };
}

function biasOf(operation: Operation<Convolution>, index: number, out: number) {
  if (!operation.settings.use_bias) return undefined;
  return Float64Array.from(operation.weight('bias', index, [out]).data);
}

export const conv2d: Builder<'Conv2D'> = (operation) => {
  const { settings, node } = operation;
  const { step } = images(operation, settings.data_format);
  const { filters: out, groups } = settings;
  const channels = step.shape[2];
  if (channels % groups !== 0 || out % groups !== 0) {
    throw refuse(
      operation,
      `its ${groups} groups do not fit ${channels} channels in and ${out} out`,
      saveAgain,
    );
  }
  const shape = [...settings.kernel_size, channels / groups, out];
  const conv = convolved(operation, step, {
    weight: operation.weight('kernel', 0, shape).data,
    bias: biasOf(operation, 1, out),
    out,
    groups,
    name: node.name,
  });
  return activated(operation, asImages(conv, settings.data_format), settings.activation);
};

/** Keras 2 has another name for the kernel than Keras 3. */
const depthwiseKernel = ['depthwise_kernel', 'kernel'];

export const depthwiseConv2d: Builder<'DepthwiseConv2D'> = (operation) => {
  const { settings, node } = operation;
  const { step } = images(operation, settings.data_format);
  const channels = step.shape[2];
  const shape = [...settings.kernel_size, channels, settings.depth_multiplier];
  const out = channels * settings.depth_multiplier;
  const conv = convolved(operation, step, {
    weight: operation.weight(depthwiseKernel, 0, shape).data,
    bias: biasOf(operation, 1, out),
    out,
    groups: channels,
    name: node.name,
  });
  return activated(operation, asImages(conv, settings.data_format), settings.activation);
};

/** A depthwise convolution, and one of a pixel after it. */
export const separableConv2d: Builder<'SeparableConv2D'> = (operation) => {
  const { settings, node } = operation;
  const { step } = images(operation, settings.data_format);
  const channels = step.shape[2];
  const { filters: out, depth_multiplier: multiplier } = settings;
  const between = channels * multiplier;
  const depthwise = convolved(operation, step, {
    weight: operation.weight('depthwise_kernel', 0, [...settings.kernel_size, channels, multiplier])
      .data,
    bias: undefined,
    out: between,
    groups: channels,
    name: `${node.name}/depthwise`,
  });
  const pointwise: ConvStep = {
    kind: 'conv',
    node,
    inputs: [depthwise],
    shape: shaped(depthwise.shape[0], depthwise.shape[1], out),
    weight: operation.weight('pointwise_kernel', 1, [1, 1, between, out]).data,
    weightName: `${node.name}/kernel`,
    bias: biasOf(operation, 2, out),
    kernel: [1, 1],
    stride: [1, 1],
    dilation: [1, 1],
    padding: [0, 0, 0, 0],
    groups: 1,
  };
  return activated(operation, asImages(pointwise, settings.data_format), settings.activation);
};
