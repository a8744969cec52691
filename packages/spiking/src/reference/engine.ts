import type { SpikingEngine } from '../engine.js';
import { balanceThresholds } from './balance.js';
import { gradients } from './gradients.js';
import { infer } from './inference.js';
import { inferInteger } from './integer.js';
import { sweepLayers } from './sweep.js';

/**
 * The reference engine: plain TypeScript as close to the equations as it can be, slow, for small networks; the
 * oracle that the other engines are tested against. One image after the other, each layer through all
 * time-steps before the next (no layer depends on a later one), dense products.
 */
export function createReferenceEngine(): SpikingEngine {
  return {
    id: 'reference',
    threads: 1,
    infer: (request) => (request.precision === 'integer' ? inferInteger : infer)(request),
    balanceThresholds,
    sweepLayers,
    gradients,
    remark: () => undefined,
    close: () => Promise.resolve(),
  };
}
