import type { TensorMessage } from '../model-file.js';
import {
  type Operation,
  type Operator,
  exportAgain,
  feature,
  numbers,
  optionalTensor,
  refuse,
  tensor,
} from '../operation.js';
import type { Feature } from '../step.js';
import { type Shape, order, placesOf, sizeOf } from '../view.js';
import { outputsLast } from './outputs-last.js';

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
export function dense(
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
  let arranged: Float32Array;
  if (transposed) {
    arranged = outputsLast(data, columns, places);
  } else {
    arranged = new Float32Array(data.length);
    for (let i = 0; i < rows; i++) {
      arranged.set(data.subarray(i * columns, (i + 1) * columns), places[i]! * columns);
    }
  }
  if (factor !== 1) for (let i = 0; i < arranged.length; i++) arranged[i] = factor * arranged[i]!;
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
