import {
  asImages,
  exportAgain,
  feature,
  images,
  numbers,
  optionalTensor,
  refuse,
  shaped,
  tensor,
  type Operation,
  type Operator,
} from '../operation.js';
import type { TensorMessage } from '../model-file.js';
import type { Feature } from '../step.js';
import { batchNormFactor } from '../../fold.js';
import { order, placesOf, sizeOf, type Shape } from '../view.js';
import { readWindow } from '../window.js';

/** Y = W * X + B */
export const conv: Operator = (operation) => {
  const { attributes } = operation;
  const input = images(operation);
  const [height, width, channels] = input.step.shape;
  const weight = tensor(operation, 1);
  const groups = attributes.int('group', 1);
  const [out = 0, inGroup = 0, ...kernel] = weight.shape;
  const window = readWindow(attributes, attributes.ints('kernel_shape') ?? kernel, [height, width]);
  if (typeof window === 'string') throw refuse(operation, window, exportAgain);
  if (kernel.join() !== window.size.join()) {
    throw refuse(
      operation,
      `its "kernel_shape" is ${window.size.join(' × ')}, but its weights are ${weight.shape.join(' × ')}`,
      exportAgain,
    );
  }
  if (inGroup * groups !== channels || groups < 1 || out < 1 || out % groups !== 0) {
    throw refuse(
      operation,
      `its weights of ${weight.shape.join(' × ')} in ${groups} groups do not fit the ${channels} channels that it gets`,
      exportAgain,
    );
  }
  return asImages({
    kind: 'conv',
    node: operation.node,
    inputs: [input.step],
    shape: shaped(...window.output, out),
    weight: channelsLast(numbers(operation, weight), weight.shape),
    weightName: weight.name,
    bias: bias(operation, 2, out),
    kernel: window.size,
    stride: window.stride,
    dilation: window.dilation,
    padding: window.padding,
    groups,
  });
};

/** [out, in, height, width] → [height, width, in, out] */
function channelsLast(
  data: Float32Array,
  [out = 0, channels = 0, height = 0, width = 0]: readonly number[],
) {
  const result = new Float32Array(data.length);
  const area = height * width;
  for (let o = 0; o < out; o++) {
    for (let c = 0; c < channels; c++) {
      for (let k = 0; k < area; k++) {
        result[(k * channels + c) * out + o] = data[(o * channels + c) * area + k]!;
      }
    }
  }
  return result;
}

function bias(operation: Operation, at: number, count: number): Float64Array | undefined {
  const given = optionalTensor(operation, at);
  if (!given) return undefined;
  const data = numbers(operation, given);
  if (data.length === count) return Float64Array.from(data);
  throw refuse(operation, `its bias has ${data.length} numbers for ${count} channels`, exportAgain);
}

/** Y = alpha · A' · B' + beta · C */
export const gemm: Operator = (operation) => {
  const { attributes } = operation;
  const alpha = attributes.float('alpha', 1);
  const beta = attributes.float('beta', 1);
  const transposed = attributes.int('transB', 0) !== 0;
  if (attributes.int('transA', 0) !== 0) {
    throw refuse(
      operation,
      'it transposes the images of a batch ("transA")',
      'Export the network so that every image is computed by itself.',
    );
  }
  const input = feature(operation);
  const weight = tensor(operation, 1);
  if (input.view.length !== 1 || weight.shape.length !== 2) {
    throw refuse(operation, 'it takes one vector for each image, and a matrix', exportAgain);
  }
  const result = dense(operation, input, weight, transposed, alpha);
  const added = optionalTensor(operation, 2);
  if (added && beta !== 0 && result.step.kind === 'dense') {
    const data = numbers(operation, added);
    const outputs = result.step.shape[2];
    const fits = data.length === 1 || (data.length === outputs && added.shape.at(-1) === outputs);
    if (!fits) {
      throw refuse(
        operation,
        `its bias of ${added.shape.join(' × ')} is not one of ${outputs} outputs, the same for all images`,
        exportAgain,
      );
    }
    result.step.bias = Float64Array.from(
      { length: outputs },
      (_, o) => beta * data[data.length === 1 ? 0 : o]!,
    );
  }
  return result;
};

/** Y = A · B, of images with a matrix of weights. */
export const matMul: Operator = (operation) => {
  const input = feature(operation);
  const weight = tensor(operation, 1);
  if (weight.shape.length !== 2) {
    throw refuse(
      operation,
      `its weights have ${weight.shape.length} dimensions; a matrix was expected`,
      'Products of stacks of matrices have no counterpart here: take dense layers.',
    );
  }
  return dense(operation, input, weight, false, 1);
};

/** A dense layer over the last dimension: of all that the image has, or of the channels of each pixel. */
function dense(
  operation: Operation,
  { step, view }: Feature,
  weight: TensorMessage,
  transposed: boolean,
  factor: number,
): Feature {
  const axes = view.at(-1) ?? [];
  const inputs = axes.reduce((product, axis) => product * sizeOf(step.shape, axis), 1);
  const [rows = 0, columns = 0] = transposed ? weight.shape.toReversed() : weight.shape;
  if (rows !== inputs) {
    throw refuse(operation, `its weights take ${rows} numbers, but it gets ${inputs}`, exportAgain);
  }
  if (columns < 1) throw refuse(operation, 'it gives nothing', exportAgain);
  const all = axes.length === order(view).length;
  if (!all && (axes.length !== 1 || axes[0] !== 'c')) {
    throw refuse(
      operation,
      'it mixes rows or columns of pixels',
      'Flatten the images before a dense layer, or let it take the channels of each pixel.',
    );
  }
  const data = numbers(operation, weight);
  const places = all ? placesOf(axes, step.shape) : placesOf(['c'], [1, 1, inputs]);
  const arranged = new Float32Array(data.length);
  for (let i = 0; i < rows; i++) {
    for (let o = 0; o < columns; o++) {
      const value = transposed ? data[o * rows + i]! : data[i * columns + o]!;
      arranged[places[i]! * columns + o] = factor * value;
    }
  }
  const common = {
    node: operation.node,
    inputs: [step],
    weight: arranged,
    weightName: weight.name,
    bias: undefined,
  };
  const outer = view.slice(0, -1);
  const last = columns > 1 ? (['c'] as const) : [];
  if (all) {
    const shape: Shape = [1, 1, columns];
    return {
      kind: 'feature',
      step: { kind: 'dense', ...common, shape },
      view: [...outer.map(() => []), last],
    };
  }
  const [height, width] = step.shape;
  return {
    kind: 'feature',
    step: {
      kind: 'conv',
      ...common,
      shape: [height, width, columns],
      kernel: [1, 1],
      stride: [1, 1],
      dilation: [1, 1],
      padding: [0, 0, 0, 0],
      groups: 1,
    },
    view: [...outer, last],
  };
}

/** Y = (X − mean) / √(variance + ε) · scale + B, with the statistics of the training. */
export const batchNormalization: Operator = (operation) => {
  const { attributes, node, file } = operation;
  const input = feature(operation);
  const epsilon = attributes.float('epsilon', 1e-5);
  attributes.float('momentum', 0.9);
  attributes.int('spatial', 1);
  if (attributes.int('training_mode', 0) !== 0 || [1, 2, 3, 4].some((at) => operation.isUsed(at))) {
    throw refuse(
      operation,
      'it is in training mode, so that an image changes what is computed for others',
      'Export the network after model.eval().',
    );
  }
  const axes = input.view[0];
  const channels = input.step.shape[2];
  // Of one image and channel, any single dimension is that of the channels.
  if (!axes || axes.some((axis) => axis !== 'c') || (axes.length === 0 && channels > 1)) {
    throw refuse(
      operation,
      'it normalises something else than channels',
      'Keep images in the order channels, height, width up to the flatten before the first dense layer.',
    );
  }
  const vector = (at: number) => {
    const found = tensor(operation, at);
    const data = numbers(operation, found);
    if (data.length === channels) return data;
    throw refuse(
      operation,
      `its input ${at + 1} has ${data.length} numbers for ${channels} channels`,
      exportAgain,
    );
  };
  const [scale, shift, mean, variance] = [vector(1), vector(2), vector(3), vector(4)];
  const name = node.name || node.outputs[0]!;
  const factor = batchNormFactor({ scale, variance, epsilon, mean, shift }, { name, file });
  return {
    kind: 'feature',
    view: input.view,
    step: {
      kind: 'affine',
      node,
      inputs: [input.step],
      shape: input.step.shape,
      scale: factor,
      shift: Float64Array.from(shift, (value, c) => value - mean[c]! * factor[c]!),
      statistics: {
        mean: shift.slice(),
        variance: variance.map((value, c) => value * factor[c]! ** 2),
      },
    },
  };
};
