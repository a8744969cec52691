import type { Snn } from '@privatesnn/core';

import { fail } from './fail.js';

/** t₀: the first time-steps that a network's read-out leaves out; 0 where it reads all. */
export function readAfterOf({ readout }: Pick<Snn, 'readout'>): number {
  return readout.after ?? 0;
}

/**
 * Checks that a read-out is of what the neurons have, and has a time-step to read in an inference of T.
 *
 * @throws UserError
 */
export function checkReadout(snn: Pick<Snn, 'neuron' | 'readout'>, timeSteps: number): void {
  const { neuron, readout } = snn;
  const after = readAfterOf(snn);
  if (after !== 0 && !(Number.isInteger(after) && after > 0 && after < timeSteps)) {
    fail(
      'configuration',
      'ENGINE_READ_AFTER',
      `Expected a read-out after fewer time-steps than T = ${timeSteps}, received one after ${after}.`,
      'Run the network for more time-steps, or convert with a smaller readoutAfter.',
    );
  }
  if (readout.kind !== 'filtered') return;
  if (neuron.kind !== 'adaptive') {
    fail(
      'configuration',
      'ENGINE_READOUT',
      'Expected a read-out of summed potentials, received "filtered".',
      'Only adaptive neurons filter their current.',
    );
  }
  if (after > 0) {
    fail(
      'configuration',
      'ENGINE_READ_AFTER',
      `Expected a filtered read-out of all time-steps, received one after ${after}.`,
      'Leave out `after`: a filtered current forgets the first time-steps by itself.',
    );
  }
}

/**
 * For what takes the logits as a sum over all time-steps.
 *
 * @param what as in "cannot ... a network whose read-out leaves out time-steps"
 * @throws UserError where the read-out leaves out the first time-steps
 */
export function checkReadFromStart(network: Pick<Snn, 'readout'>, what: string): void {
  const after = readAfterOf(network);
  if (after === 0) return;
  fail(
    'configuration',
    'DELAYED_READOUT',
    `Expected a read-out of all time-steps: the framework cannot ${what} a network whose read-out leaves out the first ${after}.`,
    'Convert with readoutAfter: 0 for this; such a network can be tested, and attacked by re-conversion.',
  );
}
