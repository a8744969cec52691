import { batchNorm } from '../../steps/affine.js';
import { refuse } from '../../steps/refusal.js';
import { type Operator, exportAgain, feature, numbers, tensor } from '../operation.js';

/** Y = (X − mean) / √(variance + ε) · scale + B, with the statistics of the training. */
export const batchNormalization: Operator = (operation) => {
  const { attributes } = operation;
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
  return batchNorm(operation, input, { scale, variance, epsilon, mean, shift });
};
