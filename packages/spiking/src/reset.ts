import type { IntegrateAndFire } from '@privatesnn/core';

type Reset = IntegrateAndFire['reset'];

/**
 * The membrane potential after this time-step's reset: u − θ after a spike (soft; u + θ after one of −1), 0 after a
 * spike (hard), or u as it is, because the reset comes one step later (delayed-soft).
 */
export function membraneAfterReset(
  reset: Reset,
  potential: number,
  spike: number,
  threshold: number,
): number {
  if (spike === 0 || reset === 'delayed-soft') return potential;
  return reset === 'soft' ? Math.fround(potential - threshold * spike) : 0;
}

/**
 * The membrane potential to which this time-step's current is added: λu, less θ where the time-step before
 * spiked and the reset is delayed-soft (Rathi 2020: the leak does not act on the subtracted θ).
 *
 * @param kept λu, with u the membrane potential after the last time-step
 * @param lastSpike 1 if that time-step spiked, else 0
 */
export function membraneBeforeInput(
  reset: Reset,
  kept: number,
  lastSpike: number,
  threshold: number,
): number {
  return reset === 'delayed-soft' && lastSpike !== 0 ? Math.fround(kept - threshold) : kept;
}
