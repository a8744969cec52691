import { shaped } from '../../steps/feature.js';
import { refuse } from '../../steps/refusal.js';
import {
  type Operation,
  type Operator,
  asImages,
  exportAgain,
  images,
  numbers,
  optionalTensor,
  tensor,
} from '../operation.js';
import { outputsLast } from '../../steps/outputs-last.js';
import { placesOf } from '../../steps/view.js';
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
    weight: outputsLast(
      numbers(operation, weight),
      out,
      placesOf(['c', 'h', 'w'], [...window.size, inGroup]),
    ),
    weightName: weight.name,
    bias: bias(operation, 2, out),
    kernel: window.size,
    stride: window.stride,
    dilation: window.dilation,
    padding: window.padding,
    groups,
  });
};

export function bias(operation: Operation, at: number, count: number): Float64Array | undefined {
  const given = optionalTensor(operation, at);
  if (!given) return undefined;
  const data = numbers(operation, given);
  if (data.length === count) return Float64Array.from(data);
  throw refuse(operation, `its bias has ${data.length} numbers for ${count} channels`, exportAgain);
}
