import { UserError, type Ann } from '@privatesnn/core';

/** @throws UserError where the network was trained with another non-linearity than the ReLU, which rates stand for */
export function assertReLUs({ architecture, activation }: Ann): void {
  if (!activation) return;
  throw new UserError(
    'configuration',
    'ANN_ACTIVATION',
    `Expected a network of ReLUs, but ${architecture.name} was trained with adaptive neurons, which integrate-and-fire ` +
      'neurons do not follow.',
    { hint: 'Convert it by adaptive-spiking, or train it with activation: relu.' },
  );
}
