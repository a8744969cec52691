import { refuse } from '../../steps/refusal.js';
import { clipTo } from '../../steps/sums.js';
import { type Operator, exportAgain, feature, numberOf } from '../operation.js';

export const relu: Operator = (operation) => clipTo(operation, feature(operation), 0, Infinity);

export const leakyRelu: Operator = (operation) => {
  const alpha = operation.attributes.float('alpha', 0.01);
  if (alpha === 0) return relu(operation);
  throw refuse(
    operation,
    `it passes ${alpha} times what is negative, and a spiking neuron here gives nothing for negative input`,
    'Train the network, or go on training it, with ReLU in place of LeakyReLU.',
  );
};

export const clip: Operator = (operation) => {
  const low = numberOf(operation, 'min', 1, -Infinity);
  const high = numberOf(operation, 'max', 2, Infinity);
  if (Number.isNaN(low) || Number.isNaN(high)) {
    throw refuse(operation, 'its limits are no numbers', exportAgain);
  }
  return clipTo(operation, feature(operation), low, high);
};
