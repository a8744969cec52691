import { wrongInitialPotentials, type IntegrateAndFire, type Snn } from '@privatesnn/core';

import { fail } from './fail.js';

/** v of the neurons of a layer: one number for all, or one for each channel, which neurons have in turns. */
export function initialPotentialsOf(
  { initialPotentials }: Pick<Snn, 'initialPotentials'>,
  { initial }: Pick<IntegrateAndFire, 'initial'>,
  layer: string,
): readonly number[] {
  return initialPotentials?.[layer] ?? [initial];
}

/** Checks the initial potentials of single channels. @throws UserError */
export function checkInitialPotentials(snn: Snn): void {
  const [wrong] = wrongInitialPotentials(snn);
  if (!wrong) return;
  fail(
    'data',
    'ENGINE_INITIAL',
    `${wrong.path.join('.')}: ${wrong.message}.`,
    'Initial potentials of single channels are one number for each, in units of the threshold of their layer.',
  );
}
