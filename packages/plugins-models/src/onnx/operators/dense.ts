import { denseOver, type Matrix } from '../../steps/dense.js';
import { refuse } from '../../steps/refusal.js';
import type { TensorMessage } from '../model-file.js';
import {
  type Operation,
  type Operator,
  exportAgain,
  feature,
  numbers,
  optionalTensor,
  tensor,
} from '../operation.js';

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
  const result = denseOver(operation, input, {
    ...matrix(operation, weight),
    transposed,
    factor: alpha,
  });
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
  return denseOver(operation, input, matrix(operation, weight));
};

function matrix(
  operation: Operation,
  weight: TensorMessage,
): Pick<Matrix, 'name' | 'shape' | 'data'> {
  const [rows = 0, columns = 0] = weight.shape;
  return { name: weight.name, shape: [rows, columns], data: numbers(operation, weight) };
}
