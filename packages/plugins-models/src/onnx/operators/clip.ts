import {
  type Operation,
  type Operator,
  exportAgain,
  feature,
  numberOf,
  refuse,
  sameAs,
} from '../operation.js';
import type { Feature } from '../step.js';

export const relu: Operator = (operation) => clipped(operation, 0, Infinity);

export const leakyRelu: Operator = (operation) => {
  const alpha = operation.attributes.float('alpha', 0.01);
  if (alpha === 0) return clipped(operation, 0, Infinity);
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
  return clipped(operation, low, high);
};

function clipped(operation: Operation, low: number, high: number): Feature {
  const { step, view } = feature(operation);
  return sameAs(view, {
    kind: 'clip',
    node: operation.node,
    inputs: [step],
    shape: step.shape,
    low,
    high,
  });
}
